import { describe, expect, test } from 'vitest';
import { type Fake, harness, named, START } from '../../local/states-harness.ts';
import { definition } from './definition.ts';

const DAY = 86_400_000;

describe('approve-plan', () => {
  const ref = { kind: 'campaign', id: 'c', hash: 'h', submission: 3 };
  /** Two levels; people are reminded every 100 seconds, and after 600 it has expired. `said` is what people have decided by then. */
  const start = async (
    said: { state: string; level: number },
    request: Fake = () => undefined,
    { check = () => ({}), kind = 'campaign' }: { check?: Fake; kind?: string } = {},
  ) => {
    const settle: Fake = (event) => {
      const { givenUp } = event as { givenUp: boolean };
      const nowMs = h.clock.now();
      if (said.state === 'in review' && (givenUp || nowMs >= START + 600_000)) said.state = 'draft';
      if (said.state === 'approved') said.state = 'scheduled';
      return {
        ...ref,
        state: said.state,
        ...(said.state === 'in review' && { wait: { level: said.level, seconds: 100 } }),
      };
    };
    const h = harness({ 'check-submission': check, 'request-approval': request, 'settle-approval': settle });
    const arn = await h.start(h.create(definition('approve-plan')), { ...ref, kind, wait: { level: 0, seconds: 100 } });
    const of = (name: string) => h.calls.filter((call) => call.name === name);
    const tokens = () => of('request-approval').map(({ event }) => (event as { taskToken: string }).taskToken);
    const answer = async () =>
      h.api('SendTaskSuccess', { taskToken: tokens().at(-1), output: '{"outcome":"approved"}' });
    const end = async () => {
      await h.clock.advanceUntil(async () => (await h.describe(arn)).status !== 'RUNNING', 2 * DAY);
      return h.describe(arn);
    };
    return { h, of, tokens, answer, end };
  };
  const ended = (state: string) => ({ status: 'SUCCEEDED', output: JSON.stringify({ state }) });

  test('hands over a token for each level, waits, and settles what was decided', async () => {
    const said = { state: 'in review', level: 0 };
    const { h, of, tokens, answer, end } = await start(said);
    await h.clock.advance(50_000);
    expect(of('request-approval').map(({ event }) => event)).toEqual([
      { ...ref, level: 0, taskToken: expect.any(String) },
    ]);
    said.level = 1;
    await answer();
    await h.clock.advance(50_000);
    expect(of('request-approval').at(-1)?.event).toEqual({ ...ref, level: 1, taskToken: expect.any(String) });
    expect(new Set(tokens()).size).toBe(2);
    said.state = 'approved';
    await answer();
    expect(await end()).toMatchObject(ended('scheduled'));
    expect(of('settle-approval').map(({ event }) => event)).toEqual(Array(2).fill({ ...ref, givenUp: false }));
    // Two before it begins, three a level, and the end.
    expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBe(2 + 2 * 3 + 1);
  });

  test('the audience of a campaign is counted before anybody is asked, and who is asked first may follow from it', async () => {
    const check: Fake = () => ({ wait: { level: 0, seconds: 7 } });
    const { h, of } = await start({ state: 'in review', level: 0 }, undefined, { check });
    await h.clock.advance(8_000);
    expect(of('check-submission').map(({ event }) => event)).toEqual([ref]);
    expect(of('settle-approval').map(({ atMs }) => atMs - START)).toEqual([7_000]);
  });

  test('it cannot be counted: after three attempts people are asked all the same', async () => {
    const check: Fake = () => {
      throw named('Broken');
    };
    const { h, of } = await start({ state: 'in review', level: 0 }, undefined, { check });
    await h.clock.advance(10_000);
    expect([of('check-submission').length, of('request-approval').length]).toEqual([3, 1]);
  });

  test.each([
    ['trigger', 0],
    ['template', 0],
    ['segment', 0],
    ['journey', 1],
  ])('what has no audience is asked about at once: %s', async (kind, counted) => {
    const { h, of } = await start({ state: 'in review', level: 0 }, undefined, { kind });
    await h.clock.advance(1_000);
    expect([of('check-submission').length, of('request-approval').length]).toEqual([counted, 1]);
  });

  test('nobody says anything: it looks each time that people are to be reminded, until it has expired', async () => {
    const { of, end } = await start({ state: 'in review', level: 0 });
    expect(await end()).toMatchObject(ended('draft'));
    expect(of('settle-approval').map(({ atMs }) => atMs - START)).toEqual([1, 2, 3, 4, 5, 6].map((n) => n * 100_000));
    expect(of('settle-approval').every(({ event }) => !(event as { givenUp: boolean }).givenUp)).toBe(true);
  });

  test('withdrawn before it was asked: it looks, without retry, and ends', async () => {
    const { of, end } = await start({ state: 'draft', level: 0 }, () => {
      throw named('ApprovalVoided');
    });
    expect(await end()).toMatchObject(ended('draft'));
    expect(of('request-approval')).toHaveLength(1);
  });

  test('decided with the token of an attempt that nobody waits for: it looks, and puts it in force', async () => {
    const said = { state: 'in review', level: 0 };
    const { end } = await start(said, (_, call) => {
      if (call === 1) {
        said.state = 'approved';
        throw named('Lambda.Unknown');
      }
      throw named('ApprovalVoided');
    });
    expect(await end()).toMatchObject(ended('scheduled'));
  });

  test('trouble in asking is retried, with the token of the last attempt', async () => {
    const said = { state: 'in review', level: 0 };
    const { h, tokens, answer, end } = await start(said, (_, call) => {
      if (call < 3) throw named('ThrottlingException');
    });
    await h.clock.advance(30_000);
    expect(tokens()).toHaveLength(3);
    said.state = 'approved';
    await answer();
    expect(await end()).toMatchObject(ended('scheduled'));
  });

  test('not to be asked at all: it is given up, not left in review', async () => {
    const { of, end } = await start({ state: 'in review', level: 0 }, () => {
      throw named('Broken');
    });
    expect(await end()).toMatchObject(ended('draft'));
    expect(of('request-approval')).toHaveLength(13);
    expect(of('settle-approval')).toMatchObject([{ event: { givenUp: true } }]);
  });

  test('not to be put in force: it is tried on for more than a day, at last each hour, and then fails, for the alarm', async () => {
    const { h, of, end } = await start({ state: 'in review', level: 0 }, undefined, { kind: 'journey' });
    h.functions['settle-approval'] = () => {
      throw named('Broken', 'no table');
    };
    expect(await end()).toMatchObject({ status: 'FAILED', error: 'Broken' });
    const tried = of('settle-approval').map(({ atMs }) => atMs);
    const waits = tried.slice(1).map((atMs, n) => (atMs - tried[n]!) / 1_000);
    expect(waits).toEqual([...Array.from({ length: 11 }, (_, n) => 2 ** (n + 1)), ...Array(25).fill(3_600)]);
    expect(tried.at(-1)! - tried[0]!).toBeGreaterThan(26 * 3_600_000);
  });

  test.each(['published', 'rejected', 'draft'])('after 20 hours of trouble it finds it %s, and ends', async (state) => {
    const { h, end } = await start({ state: 'in review', level: 0 }, undefined, { kind: 'journey' });
    h.functions['settle-approval'] = () => {
      if (h.clock.now() < START + 20 * 3_600_000) throw named('Broken', 'no table');
      return { ...ref, state };
    };
    expect(await end()).toMatchObject(ended(state));
    // What was approved takes 37 attempts at most: $0.001.
    expect(h.meter.snapshot()['states-transition']?.Machine?.units).toBeLessThan(45);
  });
});
