import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LEVELS } from '../../../core/strategy/approval/level.ts';
import type { Campaign, CampaignInput } from '../../../core/strategy/campaign.ts';
import {
  begun,
  cancelled,
  type Decision,
  decided,
  edited,
  ended,
  held,
  opened,
  paused,
  prepared,
  resumed,
  settled,
  submitted,
  variantDecided,
  withSpeed,
} from '../../../core/strategy/campaign-decisions.ts';
import { isOver, transitions } from '../../../core/strategy/campaign-states.ts';

const input: CampaignInput = {
  name: 'Win back',
  audience: { segmentId: 's' },
  templateId: 't',
  channelPolicy: ['push', 'sms'],
  topic: 'offers',
};
const draft: Campaign = { ...input, id: 'c', version: 1, state: 'draft', author: 'mia', editors: [], createdMs: 0 };

/** As the store does: the version grows with each change. */
const apply = (campaign: Campaign, decision: Decision): Campaign =>
  decision.kind === 'change' ? { ...decision.campaign, version: campaign.version + 1 } : campaign;
const submit = (campaign: Campaign, hash = 'h', actor = 'mia', nowMs = 0, expiry = 60) =>
  apply(
    campaign,
    submitted(campaign, { hash, levels: DEFAULT_LEVELS, writers: ['tia'], expirySeconds: expiry }, actor, nowMs),
  );
const refOf = (campaign: Campaign) => ({ hash: campaign.approval!.hash, submission: campaign.approval!.submission });
const open = (campaign: Campaign): Campaign => ({
  ...opened(campaign, { ...refOf(campaign), level: 0 }, 'token')!,
  version: campaign.version + 1,
});
const inReview = open(submit(draft));
const yes = (campaign: Campaign, actor = 'ada', nowMs = 1) =>
  decided(campaign, 'approved', { actor, roles: ['approver'], comment: 'fine' }, nowMs);
const no = (campaign: Campaign, actor = 'ada', nowMs = 1) =>
  decided(campaign, 'rejected', { actor, roles: ['approver'], comment: 'dead link' }, nowMs);
const problem = (decision: Decision) => (decision.kind === 'refuse' ? decision.problem : decision.kind);

describe('who may decide', () => {
  const byBen = open(submit(apply(draft, edited(draft, input, 'ben')), 'h', 'cleo'));
  test.each([
    ['its author', 'mia', 'own-approval'],
    ['who edited it', 'ben', 'own-approval'],
    ['who submitted it', 'cleo', 'own-approval'],
    ['who wrote its template', 'tia', 'own-approval'],
    ['somebody else', 'ada', 'change'],
  ])('%s', (_, actor, expected) => {
    expect(problem(yes(byBen, actor))).toBe(expected);
    expect(problem(no(byBen, actor))).toBe(expected);
  });

  test('an earlier editor stays one, though others edited since', () => {
    const twice = apply(draft, edited(apply(draft, edited(draft, input, 'ben')), input, 'dan'));
    expect(twice.editors).toEqual(['ben', 'dan']);
    expect(problem(yes(open(submit(twice)), 'ben'))).toBe('own-approval');
  });
});

describe('a decision', () => {
  test('is kept with its comment, and the token goes', () => {
    const approved = apply(inReview, yes(inReview));
    expect(approved.state).toBe('approved');
    expect(approved.approval?.decision).toEqual({ outcome: 'approved', by: 'ada', atMs: 1, comment: 'fine' });
    expect(approved.approval?.taskToken).toBeUndefined();
    expect(apply(inReview, no(inReview)).state).toBe('rejected');
  });

  test('repeated by the same person changes nothing; any other is refused', () => {
    const approved = apply(inReview, yes(inReview));
    expect(problem(yes(approved, 'ada', 99))).toBe('same');
    expect(problem(no(approved))).toBe('already-decided');
    expect(problem(yes(approved, 'abe'))).toBe('already-decided');
    const scheduled = apply(approved, settled(approved, refOf(approved), false, 2));
    expect(problem(yes(scheduled))).toBe('same');
    const rejected = apply(inReview, no(inReview));
    expect(problem(no(rejected))).toBe('same');
    expect(problem(yes(rejected))).toBe('already-decided');
  });

  test.each([
    ['a draft', draft, 'state-conflict'],
    ['a submission that is not open yet', submit(draft), 'approval-not-ready'],
    ['a cancelled one', apply(inReview, cancelled(inReview, '')), 'state-conflict'],
  ])('on %s is refused', (_, campaign, expected) => expect(problem(yes(campaign))).toBe(expected));

  test('ends with the expiry, to the millisecond', () => {
    expect(problem(yes(inReview, 'ada', 59_999))).toBe('change');
    expect(problem(yes(inReview, 'ada', 60_000))).toBe('state-conflict');
  });

  test('of another hash than the submitted one is refused', () => {
    const by = { actor: 'ada', roles: ['approver' as const], comment: '' };
    expect(problem(decided(inReview, 'approved', { ...by, hash: 'other' }, 1))).toBe('version-conflict');
    expect(problem(decided(inReview, 'approved', { ...by, hash: 'h' }, 1))).toBe('change');
  });
});

describe('an edit in review', () => {
  const again = apply(inReview, edited(inReview, { ...input, name: 'New' }, 'mia'));
  test('makes it a draft without approval', () => {
    expect(again.state).toBe('draft');
    expect(again.name).toBe('New');
    expect(again.approval).toBeUndefined();
  });
  test('drops fields that the new content does not have', () => {
    const timed = { ...draft, sendAt: '2027-01-01T00:00:00Z' };
    expect(apply(timed, edited(timed, input, 'mia')).sendAt).toBeUndefined();
  });
  test('leaves the earlier wait without effect, also when equal content is submitted again', () => {
    const second = submit(again, 'h', 'mia', 10);
    expect(problem(settled(second, refOf(inReview), true, 11))).toBe('same');
    expect(opened(second, { ...refOf(inReview), level: 0 }, 'late')).toBeUndefined();
    expect(opened(again, { ...refOf(inReview), level: 0 }, 'late')).toBeUndefined();
  });
  test.each(['approved', 'scheduled', 'sending', 'finished', 'cancelled', 'failed'] as const)(
    'of a %s one is refused',
    (state) => expect(problem(edited({ ...draft, state }, input, 'mia'))).toBe('state-conflict'),
  );
});

describe('settling', () => {
  test('an approved one schedules it; once', () => {
    const approved = apply(inReview, yes(inReview));
    const scheduled = apply(approved, settled(approved, refOf(approved), false, 2));
    expect(scheduled.state).toBe('scheduled');
    expect(problem(settled(scheduled, refOf(approved), false, 3))).toBe('same');
  });
  test('an approval of the last second wins over the time-out', () => {
    const approved = apply(inReview, yes(inReview));
    expect(apply(approved, settled(approved, refOf(approved), true, 2)).state).toBe('scheduled');
  });
  test('an expired one returns it to draft, from where it can be submitted and approved', () => {
    const expired = apply(inReview, settled(inReview, refOf(inReview), true, 60_000));
    expect(expired.state).toBe('draft');
    expect(expired.approval?.decision?.outcome).toBe('expired');
    expect(expired.approval?.taskToken).toBeUndefined();
    expect(problem(yes(expired))).toBe('state-conflict');
    expect(problem(yes(open(submit(expired, 'h', 'mia', 60_000)), 'ada', 60_001))).toBe('change');
  });
  test('a rejected one, or one still in review, changes nothing', () => {
    const rejected = apply(inReview, no(inReview));
    expect(problem(settled(rejected, refOf(rejected), false, 2))).toBe('same');
    expect(problem(settled(inReview, refOf(inReview), false, 2))).toBe('same');
  });
});

describe('the run', () => {
  const scheduled: Campaign = { ...draft, state: 'scheduled' };
  const preparing = apply(scheduled, prepared(scheduled, 'run', 5));
  const sending = apply(preparing, begun(preparing, 'run'));
  test('begins once', () => {
    expect(preparing.run).toEqual({ runId: 'run', startedMs: 5 });
    expect(problem(prepared(preparing, 'run', 9))).toBe('same');
    expect(problem(prepared(preparing, 'other', 9))).toBe('state-conflict');
  });
  test('sends once its audience is frozen, and only then', () => {
    expect(sending).toMatchObject({ state: 'sending', run: { runId: 'run', startedMs: 5 } });
    expect(problem(begun(sending, 'run'))).toBe('same');
    expect(problem(begun(scheduled, 'run'))).toBe('state-conflict');
  });
  test('ends well, once', () => {
    const finished = apply(sending, ended(sending, 'run', { snapshotSize: 3, parts: 1 }, 9));
    expect(finished.state).toBe('finished');
    expect(finished.run).toEqual({ runId: 'run', startedMs: 5, snapshotSize: 3, parts: 1, finishedMs: 9 });
    expect(problem(ended(finished, 'run', {}, 10))).toBe('same');
  });
  test.each([
    ['scheduled', scheduled],
    ['preparing', preparing],
    ['sending', sending],
  ])('%s ends with an error', (_, campaign) => {
    const failed = apply(campaign, ended(campaign, 'run', { error: 'Athena: no' }, 9));
    expect([failed.state, failed.reason]).toEqual(['failed', 'Athena: no']);
  });
  test('a cancelled one stays cancelled, whatever its run says', () => {
    const stopped = apply(sending, cancelled(sending, 'wrong discount'));
    expect(problem(ended(stopped, 'run', {}, 9))).toBe('same');
    expect(problem(ended(stopped, 'run', { error: 'x' }, 9))).toBe('same');
    expect(problem(cancelled(stopped, ''))).toBe('same');
  });
});

describe('a pause', () => {
  const DAY = 86_400_000;
  const scheduled: Campaign = { ...draft, state: 'scheduled', version: 6 };
  const preparing = apply(scheduled, prepared(scheduled, 'run', 5));
  const sending = apply(preparing, begun(preparing, 'run'));
  const stopped = apply(sending, paused(sending, 'mia', 'The shop is down', 9));
  test('says who, when and why, and has a number of its own', () => {
    expect(stopped).toMatchObject({ state: 'paused', run: { runId: 'run' } });
    expect(stopped.pause).toEqual({ number: stopped.version, by: 'mia', atMs: 9, reason: 'The shop is down' });
    const again = apply(apply(stopped, resumed(stopped)), paused(apply(stopped, resumed(stopped)), 'ben', '', 10));
    expect(again.pause).toMatchObject({ number: stopped.version + 2, by: 'ben' });
  });
  test('is over once it is resumed; both are harmless twice', () => {
    expect(problem(paused(stopped, 'ben', 'Another reason', 10))).toBe('same');
    const on = apply(stopped, resumed(stopped));
    expect([on.state, on.pause]).toEqual(['sending', undefined]);
    expect(problem(resumed(on))).toBe('same');
  });
  test.each(['draft', 'in review', 'rejected', 'approved', 'finished', 'cancelled', 'failed'] as const)(
    'of a %s one is refused, and so is going on with it',
    (state) => {
      expect(problem(paused({ ...draft, state }, 'mia', '', 1))).toBe('state-conflict');
      expect(problem(resumed({ ...draft, state }))).toBe('state-conflict');
    },
  );
  test('begins before the messages go out, if somebody is quick, and the run does not mind', () => {
    const early = apply(preparing, paused(preparing, 'mia', '', 6));
    expect(problem(prepared(early, 'run', 7))).toBe('same');
    expect(problem(begun(early, 'run'))).toBe('same');
    const on = apply(early, resumed(early));
    expect(problem(prepared(on, 'run', 8))).toBe('same');
    expect(problem(prepared(on, 'other', 8))).toBe('state-conflict');
    expect(problem(begun(on, 'run'))).toBe('same');
  });
  test('does not begin 30 days after the run, whose recipients would not be kept long enough', () => {
    expect(problem(paused(sending, 'mia', '', 5 + 30 * DAY - 1))).toBe('change');
    expect(problem(paused(sending, 'mia', '', 5 + 30 * DAY))).toBe('state-conflict');
  });
  test('ends with the campaign, which says nothing of it any more', () => {
    const ends = [
      cancelled(stopped, 'Wrong discount'),
      ended(stopped, 'run', {}, 10),
      ended(stopped, 'run', { error: 'x' }, 10),
    ].map((decision) => apply(stopped, decision));
    expect(ends.map(({ state, pause }) => [state, pause])).toEqual([
      ['cancelled', undefined],
      ['finished', undefined],
      ['failed', undefined],
    ]);
  });
  test('keeps the token of its own run, while it lasts', () => {
    expect(held(stopped, 'run', 'token')?.pause).toEqual({ ...stopped.pause, taskToken: 'token' });
    expect(held(stopped, 'other', 'token')).toBeUndefined();
    expect(held(sending, 'run', 'token')).toBeUndefined();
  });
});

describe('the speed', () => {
  const states = Object.keys(transitions) as Campaign['state'][];
  test.each(states)('of a campaign that is %s', (state) => {
    const campaign: Campaign = { ...draft, state };
    const decision = withSpeed(campaign, { perMinute: 600 });
    if (isOver(state)) return expect(problem(decision)).toBe('state-conflict');
    expect(decision).toEqual({
      ...{ kind: 'change', action: 'set-speed', detail: '600 a minute' },
      campaign: { ...campaign, speed: { perMinute: 600 } },
    });
  });
  test('is taken away, and set again without effect', () => {
    const fast = apply(draft, withSpeed(draft, { perMinute: 600 }));
    expect(problem(withSpeed(fast, { perMinute: 600 }))).toBe('same');
    const free = withSpeed(fast, undefined);
    expect(free).toMatchObject({ kind: 'change', detail: 'no limit' });
    expect(apply(fast, free)).not.toHaveProperty('speed');
    expect(problem(withSpeed(draft, undefined))).toBe('same');
  });
  test('leaves an approval as it is, and makes nobody an editor', () => {
    const paced = apply(inReview, withSpeed(inReview, { perMinute: 1 }));
    expect(paced).toMatchObject({ state: 'in review', approval: inReview.approval, editors: [] });
    expect(yes(paced).kind).toBe('change');
  });
});

test('whatever happens in whatever order: what is scheduled was approved, as it stands, by somebody whose work it is not', () => {
  const people = ['mia', 'ben', 'ada', 'abe'];
  const person = fc.constantFrom(...people);
  const step = fc.oneof(
    fc.record({ act: fc.constant('edit' as const), actor: person, name: fc.constantFrom('A', 'B') }),
    fc.record({ act: fc.constantFrom('submit', 'approve', 'reject', 'cancel'), actor: person }),
    fc.record({ act: fc.constantFrom('open', 'settle', 'expire'), back: fc.nat({ max: 2 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let campaign = draft;
      const waits: { hash: string; submission: number }[] = [];
      const writers = new Set(['mia']);
      let nowMs = 0;
      for (const it of steps) {
        nowMs += 1;
        const wait = 'back' in it ? waits.at(-1 - it.back) : undefined;
        const before = campaign;
        if (it.act === 'edit' && 'name' in it)
          campaign = apply(campaign, edited(campaign, { ...input, name: it.name }, it.actor));
        else if (it.act === 'submit' && 'actor' in it) campaign = submit(campaign, campaign.name, it.actor, nowMs);
        else if (it.act === 'approve' && 'actor' in it) campaign = apply(campaign, yes(campaign, it.actor, nowMs));
        else if (it.act === 'reject' && 'actor' in it) campaign = apply(campaign, no(campaign, it.actor, nowMs));
        else if (it.act === 'cancel') campaign = apply(campaign, cancelled(campaign, ''));
        else if (wait && it.act === 'open')
          campaign = opened(campaign, { ...wait, level: 0 }, `token-${nowMs}`) ?? campaign;
        else if (wait) campaign = apply(campaign, settled(campaign, wait, it.act === 'expire', nowMs));
        if (campaign !== before && it.act === 'edit' && 'actor' in it) writers.add(it.actor);
        if (campaign !== before && it.act === 'submit') waits.push(refOf(campaign));
        if (campaign.state !== 'scheduled') continue;
        const { hash, submittedBy, decision } = campaign.approval!;
        expect(hash).toBe(campaign.name);
        expect(decision?.outcome).toBe('approved');
        expect([...writers, submittedBy]).not.toContain(decision?.by);
      }
    }),
    { numRuns: 3_000 },
  );
});

describe('an experiment', () => {
  const experiment = { metric: 'clicked' as const, minimumSample: 1, minimumHours: 1, defaultVariant: 'A' };
  const run = { runId: 'run', startedMs: 5 };
  const sending: Campaign = { ...draft, state: 'sending', experiment, run };
  const decision = { atMs: 9, variant: 'B', because: 'winner' as const, figures: [] };

  test.each(['sending', 'paused'] as const)('is decided once, also while the campaign is %s', (state) => {
    const asked = variantDecided({ ...sending, state }, 'run', decision);
    expect(asked).toMatchObject({ kind: 'change', action: 'decide-variant', detail: 'B, winner' });
    const after = apply({ ...sending, state }, asked);
    expect([after.state, after.run?.decision]).toEqual([state, decision]);
    expect(variantDecided(after, 'run', { ...decision, variant: 'A' })).toEqual({ kind: 'same', campaign: after });
    // The end keeps it.
    expect(apply(after, ended(after, 'run', { parts: 1 }, 10)).run?.decision).toEqual(decision);
  });

  test.each([
    ['another run', sending, 'run-2'],
    ['a campaign that is over', { ...sending, state: 'cancelled' as const }, 'run'],
    ['a campaign without one', { ...sending, experiment: undefined }, 'run'],
  ])('nothing is decided of %s', (_, campaign, runId) => {
    expect(variantDecided(campaign, runId, decision).kind).toBe('same');
  });
});
