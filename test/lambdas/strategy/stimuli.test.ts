import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { AcceptedEvent } from '../../../core/event/event.ts';
import type { LiveJourney } from '../../../core/strategy/journey/live-journey.ts';
import { liveJourneySet } from '../../../core/strategy/journey/live-journey-set.ts';
import type { ParticipantsMessage } from '../../../core/strategy/journey/participants-message.ts';
import type { Waiting } from '../../../core/strategy/journey/waiting.ts';
import { startAws } from '../adapters/aws.ts';

const NOW = 1_800_000_000_000;
/** What the queue has taken, by call, and which calls it fails or what of them it refuses. */
let taken: ParticipantsMessage[][] = [];
let calls = 0;
let answer: (call: number, at: number) => 'takes' | 'refuses' | 'fails' = () => 'takes';
let stop: () => Promise<void>;
beforeAll(async () => {
  stop = await startAws({ timers: ['bucket', 'timer'] }, ({ body }) => {
    const { Entries } = body as { Entries: { Id: string; MessageBody: string }[] };
    const call = calls++;
    if (answer(call, 0) === 'fails')
      return { status: 400, body: { __type: 'com.amazonaws.sqs#InvalidMessageContents' } };
    const refused = Entries.filter((_, n) => answer(call, n) === 'refuses');
    taken.push(Entries.filter((one) => !refused.includes(one)).map(({ MessageBody }) => JSON.parse(MessageBody)));
    const Failed = refused.map(({ Id }) => ({ Id, Message: 'no', Code: 'X', SenderFault: false }));
    return { body: { Failed, Successful: [] } };
  });
  vi.stubEnv('TIMERS_TABLE', 'timers');
  vi.stubEnv('PARTICIPANTS_QUEUE_URL', `${process.env.AWS_ENDPOINT_URL}/participants`);
});
afterAll(() => stop());
beforeEach(() => {
  taken = [];
  calls = 0;
  answer = () => 'takes';
});
const people = () => taken.flat().flatMap((message) => (message.kind === 'stimuli' ? message.people : []));

describe('the events of people, for journeys', () => {
  const live: LiveJourney = {
    ...{ id: 'j1', version: 1, name: 'J', state: 'live', sinceMs: 0, current: 'h', inside: 'finish', versions: [] },
    ...{ entry: { eventType: 'signed-up' }, maxLatenessMs: 60_000, patterns: { p: { eventType: 'ordered' } } },
  };
  const event = (type: string, profileId: string, id: string, timeMs = NOW): AcceptedEvent => {
    return { id, type, profileId, source: 'shop', timeMs, receivedMs: timeMs, properties: {} };
  };
  const sources = { profiles: {}, contacts: {}, references: {} } as never;
  const hear = async (...events: AcceptedEvent[]) => {
    const { hearForJourneys } = await import('../../../lambdas/intake/hear-for-journeys.ts');
    const set = liveJourneySet();
    set.apply([live, { ...live, id: 'j2', entry: { eventType: 'ordered' }, patterns: {} }]);
    const found = [];
    for (const one of events) found.push(...(await hearForJourneys(sources, set, one, NOW)));
    return found;
  };
  const send = async (found: Awaited<ReturnType<typeof hear>>) => {
    const { sendStimuli } = await import('../../../lambdas/intake/hear-for-journeys.ts');
    return sendStimuli(process.env.PARTICIPANTS_QUEUE_URL ?? '', found);
  };

  test.each([
    ['lets them in', event('signed-up', 'ada', 'e1'), [['j1', 'enter']]],
    [
      'is waited for, and lets them in elsewhere',
      event('ordered', 'ada', 'e1'),
      [
        ['j1', 'event'],
        ['j2', 'enter'],
      ],
    ],
    ['is too late to let anybody in', event('signed-up', 'ada', 'e1', NOW - 60_001), []],
    ['is too late to enter, and still waited for', event('ordered', 'ada', 'e1', NOW - 60_001), [['j1', 'event']]],
    ['is nothing that a journey knows', event('seen', 'ada', 'e1'), []],
    ['is of somebody who is not known yet', event('ordered', 'anonymous:x', 'e1'), []],
  ])('one that %s', async (_, given, expected) => {
    const found = await hear(given);
    expect(found.map(({ stimuli }) => [stimuli.journeyId, ...stimuli.stimuli.map(({ kind }) => kind)])).toEqual(
      expected,
    );
  });

  test('of one person and journey are together, in their order', async () => {
    await send(
      await hear(event('signed-up', 'ada', 'e1'), event('signed-up', 'bob', 'e2'), event('ordered', 'ada', 'e3')),
    );
    const told = people().map(({ profileId, journeyId, stimuli }) => [
      ...[profileId, journeyId],
      ...stimuli.map((one) => ('event' in one ? `${one.kind} ${one.event.id}` : one.kind)),
    ]);
    expect(told).toEqual([
      ['ada', 'j1', 'enter e1', 'event e3'],
      ['bob', 'j1', 'enter e2'],
      ['ada', 'j2', 'enter e3'],
    ]);
  });

  test('of whom the queue takes only some are all told again: the whole call fails', async () => {
    const found = await hear(...Array.from({ length: 2_000 }, (_, n) => event('signed-up', `p${n}`, `e${n}`)));
    answer = (call, at) => (call < 2 && at % 2 === 1 ? 'refuses' : 'takes');
    await expect(send(found)).rejects.toThrow('SQS refused');
    answer = () => 'takes';
    await send(found);
    expect(new Set(people().map(({ profileId }) => profileId)).size).toBe(2_000);
  });
});

describe('a minute whose participants are woken', () => {
  const minuteMs = NOW + 600_000;
  const waiting = Array.from({ length: 3_000 }, (_, n): Waiting => {
    return { profileId: `person-${n}`, journeyId: 'j1', entry: 1, step: n, dueMs: minuteMs };
  });
  const wake = async () => (await import('../../../lambdas/strategy/wake-participants.ts')).handler({ minuteMs });
  const rows = async () => (await new DynamoDBClient().send(new ScanCommand({ TableName: 'timers' }))).Count;
  const toldOnce = () => new Set(people().map((one) => JSON.stringify(one)));
  beforeAll(async () => {
    const { participantTimers } = await import('../../../lambdas/adapters/participant-timers.ts');
    const failed = await participantTimers(
      'timers',
      async () => {},
      () => NOW,
    ).hold(waiting);
    expect(failed.size).toBe(0);
  });

  test('tells each of them the step at which they wait, and keeps their rows', async () => {
    const before = await rows();
    expect(await wake()).toEqual({ participants: 3_000 });
    expect(toldOnce()).toEqual(
      new Set(
        waiting.map(({ profileId, journeyId, entry, step }) =>
          JSON.stringify({ profileId, journeyId, stimuli: [{ kind: 'due', entry, step }] }),
        ),
      ),
    );
    expect([await rows(), people().length]).toEqual([before, 3_000]);
  });

  test('another minute wakes nobody', async () => {
    const { handler } = await import('../../../lambdas/strategy/wake-participants.ts');
    expect(await handler({ minuteMs: minuteMs + 60_000 })).toEqual({ participants: 0 });
    expect(calls).toBe(0);
  });

  test.each([0, 1, 2, 3])('that dies at its call %i to the queue is run again, and nobody is left out', async (at) => {
    answer = (call) => (call >= at ? 'fails' : 'takes');
    await expect(wake()).rejects.toThrow();
    answer = () => 'takes';
    await wake();
    expect(toldOnce().size).toBe(3_000);
  });

  test('fails while the queue takes only some, and tells the others when it does', async () => {
    answer = (_, at) => (at === 0 ? 'refuses' : 'takes');
    await expect(wake()).rejects.toThrow('SQS refused');
    answer = () => 'takes';
    await wake();
    expect(toldOnce().size).toBe(3_000);
  });
});
