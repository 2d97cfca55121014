import type { SQSRecord } from 'aws-lambda';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nobodyYet } from '../../../core/strategy/journey/enter.ts';
import { env } from '../../../lambdas/strategy/advance-participants.env.ts';
import { type AwsRequest, startAws } from '../adapters/aws.ts';

/** The executions that were asked for; those of people in trouble are refused. */
const started: { name: string; input: string }[] = [];
const answer = ({ headers, body }: AwsRequest) => {
  if (!String(headers['x-amz-target']).endsWith('StartExecution')) return { status: 500 };
  const { name, input } = body as { name: string; input: string };
  if (input.includes('trouble')) return { status: 400, body: { __type: 'InvalidName', message: 'No' } };
  started.push({ name, input });
  return { body: { executionArn: 'arn', startDate: 1 } };
};
/** What fails is told in the log, which is not what is looked at here. */
const log = vi.spyOn(console, 'error').mockImplementation(() => {});
let stop: () => Promise<void>;
let handler: typeof import('../../../lambdas/strategy/advance-participants.ts')['handler'];
beforeAll(async () => {
  const tables = {
    DEFINITIONS_TABLE: ['kind', 'id'],
    ERASURES_TABLE: ['kind', 'id'],
    PARTICIPANTS_TABLE: ['profileId', 'journeyId'],
    FAILURES_TABLE: ['messageId'],
  };
  stop = await startAws(tables, answer);
  for (const name of Object.keys(env.shape)) {
    process.env[name] = name.endsWith('_URL') ? `${process.env.AWS_ENDPOINT_URL}/${name}` : name;
  }
  ({ handler } = await import('../../../lambdas/strategy/advance-participants.ts'));
});
afterAll(async () => {
  log.mockRestore();
  await stop();
});

const record = (messageId: string, body: unknown, receives = 1): SQSRecord => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { messageId, body: text, attributes: { ApproximateReceiveCount: String(receives) } } as SQSRecord;
};
const follow = (profileId: string) => ({ kind: 'follow', profileId, journeyId: 'j1', entry: 2, follower: 7 });

test('half a batch fails, and the other half is done; given back, it is done once', async () => {
  const records = [
    record('not-json', '{'),
    record('strange', { kind: 'sing' }),
    record('followed', follow('ada')),
    record('refused', follow('trouble')),
    // Of a journey that was never published nothing can have happened to anybody.
    record('nothing', {
      kind: 'stimuli',
      people: [{ profileId: 'ada', journeyId: 'j2', stimuli: [{ kind: 'look' }] }],
    }),
  ];
  for (const _ of [1, 2]) {
    const { batchItemFailures } = await handler({ Records: records });
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual([
      ...['not-json', 'refused', 'strange'],
    ]);
  }
  const [first, again] = started;
  expect(JSON.parse(first!.input)).toEqual({ profileId: 'ada', journeyId: 'j1', entry: 2, follower: 7 });
  // Step Functions knows it by its name.
  expect([first!.name, again]).toEqual([expect.stringMatching(/^j1-[0-9a-f]{16}-2-7$/), first]);
});

test('with too little time left nobody is begun, and all of it comes again', async () => {
  const stimuli = { kind: 'stimuli', people: [{ profileId: 'ada', journeyId: 'j2', stimuli: [{ kind: 'look' }] }] };
  const found = await handler({ Records: [record('late', stimuli)] }, { getRemainingTimeInMillis: () => 1_000 });
  expect(found).toEqual({ batchItemFailures: [{ itemIdentifier: 'late' }] });
});

test('what cannot be done for one fails its message alone, and the note at the dead letter says which node it was', async () => {
  const { participants } = await import('../../../lambdas/adapters/participants.ts');
  const { failuresOf } = await import('../../../lambdas/adapters/failures.ts');
  const key = { profileId: 'bob', journeyId: 'j1' };
  const send = { kind: 'send' as const, entry: 1, step: 2, node: 'hello', hash: 'gone', atMs: 1 };
  const event = { id: 'e', type: 'x', source: 's', timeMs: 1, receivedMs: 1, properties: {} };
  const table = participants('PARTICIPANTS_TABLE');
  await table.save(key, { participant: { ...nobodyYet('gone'), entry: 1, event, pending: [send] }, told: [] });
  const look = (profileId: string, journeyId: string) => {
    return { kind: 'stimuli', people: [{ profileId, journeyId, stimuli: [{ kind: 'look' }] }] };
  };
  const records = [record('bad', look('bob', 'j1'), 3), record('good', look('ada', 'j2'), 3)];
  expect(await handler({ Records: records })).toEqual({ batchItemFailures: [{ itemIdentifier: 'bad' }] });
  expect((await table.get(key))?.participant.pending).toEqual([send]);
  const noted = await failuresOf('FAILURES_TABLE', ['bad']);
  expect(noted.get('bad')?.error).toBe('Error');
  expect(noted.get('bad')?.message).toBe('Journey j1, send of node hello: No journey version j1@gone');
});
