import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, test } from 'vitest';
import { credentials } from './mini-cloud.ts';
import { persistedCloud } from './persist-cloud.ts';

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

test('after kill -9 a persisted cloud has its items, its messages and its unfinished work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'herald-persist-'));
  child = spawn(process.execPath, [join(import.meta.dirname, 'persist-cloud.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(child.stdout!, 'data')) as [Buffer];
  expect(output.toString().trim()).toBe('ready');
  child.kill('SIGKILL');
  await once(child, 'exit');

  const cloud = await persistedCloud(folder, 10_000);
  const dynamo = new DynamoDBClient({ endpoint: cloud.url, region: 'us-east-1', credentials });
  try {
    const { Item } = await dynamo.send(new GetItemCommand({ TableName: cloud.ref('T'), Key: { id: { S: 'kept' } } }));
    expect(Item).toEqual({ id: { S: 'kept' } });
    await cloud.clock.idle();
    // In flight at the kill: visible at once.
    expect(await cloud.queueBodies('Plain')).toEqual(['in flight', 'waiting']);
    expect(cloud.logs('F').map((line) => line.message)).toEqual([{ body: 'half done', receives: '2' }]);
    // The first attempt failed before the kill; the second is due a minute after it.
    expect(cloud.logs('Later')).toEqual([]);
    await cloud.clock.advance(50_000);
    expect(cloud.logs('Later').map((line) => line.message)).toEqual([{ order: 7 }]);
  } finally {
    dynamo.destroy();
    await cloud.stop();
  }
});
