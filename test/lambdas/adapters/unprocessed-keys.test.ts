import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

/** A DynamoDB that answers `spare` keys of each call and leaves the others unprocessed, as under load. */
type Keys = Record<string, { Keys: Record<string, { S: string }>[]; ProjectionExpression?: string }>;
let server: Server;
let spare = 1;
let asked: Keys[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { RequestItems } = JSON.parse(Buffer.concat(chunks).toString()) as { RequestItems: Keys };
    asked.push(RequestItems);
    const [[table, wanted] = ['', { Keys: [] }]] = Object.entries(RequestItems);
    const given = wanted.Keys.slice(0, spare).map((key) => {
      const id = key.profileId?.S ?? key.id?.S;
      return { ...key, body: { S: JSON.stringify({ profileId: id, attributes: {} }) } };
    });
    const left = wanted.Keys.slice(spare);
    response.setHeader('content-type', 'application/x-amz-json-1.0');
    response.end(
      JSON.stringify({
        Responses: { [table]: given },
        UnprocessedKeys: left.length > 0 ? { [table]: { ...wanted, Keys: left } } : {},
      }),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
});

const load = {
  profiles: async () => {
    const { profiles } = await import('../../../lambdas/adapters/profiles.ts');
    return (keys: string[]) => profiles('people').readMany(keys);
  },
  'rows of a reference table': async () => {
    const { references } = await import('../../../lambdas/adapters/references.ts');
    return (keys: string[]) => references('definitions').getMany('products', keys);
  },
};

describe.each(Object.entries(load))('%s that DynamoDB leaves unread', (_, reader) => {
  test('are asked for again, in the same way', async () => {
    spare = 2;
    const found = await (await reader())(['a', 'b', 'c', 'd', 'e']);
    expect([...found.keys()]).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(asked.map((items) => Object.values(items)[0]?.Keys.length)).toEqual([5, 3, 1]);
    expect(new Set(asked.map((items) => Object.values(items)[0]?.ProjectionExpression)).size).toBe(1);
  });

  test('fail the read after six rounds', async () => {
    spare = 0;
    await expect((await reader())(['a', 'b'])).rejects.toThrow('DynamoDB left 2');
    expect(asked).toHaveLength(6);
  });
});
