import { expect } from 'vitest';
import { armAt, bucketOf } from '../../core/strategy/assignment.ts';
import type { VariantDecision } from '../../core/strategy/experiment/campaign-experiment.ts';
import type { ArmFigures } from '../../core/strategy/experiment/figures.ts';
import { type Holdout, holdoutOf, isHeldOut } from '../../core/strategy/holdout.ts';
import type { CampaignReport } from '../../scripts/story.ts';
import { bootLocal, type LocalHerald, localTest } from './boot.ts';
import { journeyExperiments } from './journey-experiments.ts';
import { approve, type CampaignView, draftCampaign, importCsv, stateOf, submit } from './people.ts';

const HOUR = 3_600_000;
const PEOPLE = Array.from({ length: 120 }, (_, n) => ({ id: `p${n}`, phone: `+1202555${String(n).padStart(4, '0')}` }));
const TEST_PERCENT = 60;
const HOLDOUT = { percent: 20 };
/** Totals of orders: a text is none. */
const ORDERS: Record<string, (number | string)[]> = { plain: [5, 8, 'free'], warm: [30, 45, 3_000] };
const BOUGHT = { event: 'purchase', where: [{ property: 'total', atLeast: 10 }] };

const withPeople = async (): Promise<LocalHerald> => {
  const herald = await bootLocal({ days: true });
  const rows = PEOPLE.map(({ id, phone }) => `${id},${phone},Paris,yes`);
  await importCsv(herald, ['id,phone,city,ok', ...rows].join('\n'), {
    ...{ id: 'profileId', phone: 'phone', city: 'attributes.city', ok: 'consent.sms' },
  });
  await herald.cloud.clock.advance(120_000);
  return herald;
};

/** A campaign with a plain and a warm text, of which purchases decide. */
const start = async (herald: LocalHerald, options: object = {}) => {
  const template = async (name: string) =>
    (
      await herald.api.must<{ id: string }>(
        'POST /v1/templates',
        await herald.as('marketer-mia', { name, channels: { sms: { text: name } } }),
      )
    ).id;
  const [plain, warm] = [await template('plain'), await template('warm')];
  const write = () =>
    draftCampaign(herald, {
      ...{ city: 'Paris', policy: ['sms'], templateId: plain, holdout: HOLDOUT },
      variants: [
        { name: 'plain', templateId: plain, percent: 50 },
        { name: 'warm', templateId: warm, percent: 50 },
      ],
      experiment: {
        ...{ metric: BOUGHT, minimumSample: 10, minimumHours: 4, defaultVariant: 'plain' },
        testPercent: TEST_PERCENT,
      },
      ...options,
    });
  // Chance alone makes one campaign in a thousand look like a mismatch of its shares: not this one.
  let draft = await write();
  while (!isEven(assigned(draft))) draft = await write();
  await submit(herald, draft);
  await approve(herald, draft);
  return draft;
};

/** What each should get first, told from their ids alone; undefined: they wait. Those who are held out are missing. */
const assigned = ({ id: planId }: { id: string }, everywhere: Holdout = { percent: 0, salt: '' }) => {
  const arm = (id: string) => armAt([TEST_PERCENT / 2, TEST_PERCENT / 2], bucketOf(`variants/${planId}`, id));
  const asked = PEOPLE.filter(({ id }) => !isHeldOut(id, holdoutOf(planId, HOLDOUT)) && !isHeldOut(id, everywhere));
  return new Map(asked.map(({ id }) => [id, ['plain', 'warm'][arm(id)]]));
};
const isEven = (plan: Map<string, string | undefined>) =>
  Math.abs(only(plan, 'plain').length - only(plan, 'warm').length) < 20;
const nameOf = (phone: string) => PEOPLE.find((one) => one.phone === phone)?.id ?? phone;
/** What everybody has got since then; throws when somebody has two. */
const got = async ({ cloud }: LocalHerald, sinceMs: number): Promise<Map<string, string>> => {
  const messages = (await cloud.inbox.list({ limit: -1 })).filter(({ atMs }) => atMs >= sinceMs);
  const found = new Map(messages.map(({ to, body }) => [nameOf(to), body]));
  expect(found.size).toBe(messages.length);
  return found;
};
const act = async (herald: LocalHerald, { id }: { id: string }, verb: 'pause' | 'resume' | 'cancel') =>
  herald.api.must<CampaignView>(`POST /v1/campaigns/${id}/${verb}`, await herald.as('operator-oscar', {}));
type Report = CampaignReport & { variants: ArmFigures[]; decision?: VariantDecision };
const report = async (herald: LocalHerald, { id }: { id: string }) =>
  herald.api.must<Report>(`GET /v1/campaigns/${id}/report`, await herald.as('viewer-vera'));
const explain = async (herald: LocalHerald, plan: string, profileId: string) =>
  herald.api.must<{ text: string }>(`GET /v1/profiles/${profileId}/why?plan=${plan}`, await herald.as('marketer-mia'));
const only = (some: Map<string, string | undefined>, what: string | undefined) =>
  [...some].filter(([, one]) => one === what).map(([id]) => id);

localTest(
  'days of virtual time',
  'a test, a winner, and the rest gets it, in campaigns and journeys; holdouts get nothing, and it says why',
  async () => {
    const herald = await withPeople();
    const sinceMs = herald.cloud.clock.now();
    const draft = await start(herald);
    await herald.cloud.clock.advance(600_000);
    const plan = assigned(draft);
    const tested = [...only(plan, 'plain'), ...only(plan, 'warm')];
    expect(only(plan, 'warm').length).toBeGreaterThan(10);
    expect(only(plan, undefined).length).toBeGreaterThan(10);
    const first = await got(herald, sinceMs);
    expect([...first.keys()].sort()).toEqual(tested.sort());
    for (const id of tested) expect([id, first.get(id)]).toEqual([id, plan.get(id)]);
    expect(await stateOf(herald, draft)).toBe('sending');

    const apiKey = await herald.connectSource('Shop');
    // Who buys for less does not count.
    const events = ['warm', 'plain'].flatMap((name) =>
      only(plan, name).map((profileId) => {
        return { id: `b-${profileId}`, type: 'purchase', profileId, properties: { total: name === 'warm' ? 20 : 9 } };
      }),
    );
    await herald.api.must('POST /v1/events', { apiKey, body: { events } });
    await herald.cloud.clock.advance(3 * HOUR);
    expect((await got(herald, sinceMs)).size).toBe(tested.length);
    await herald.cloud.clock.advance(2 * HOUR);
    const all = await got(herald, sinceMs);
    expect([...all.keys()].sort()).toEqual([...plan.keys()].sort());
    for (const id of only(plan, undefined)) expect([id, all.get(id)]).toEqual([id, 'warm']);
    expect(await stateOf(herald, draft)).toBe('finished');

    const { decision, variants, ...figures } = await report(herald, draft);
    expect(figures).toMatchObject({ recipients: PEOPLE.length, sent: plan.size });
    expect(figures.skipped).toEqual({ holdout: PEOPLE.length - plan.size });
    expect(decision).toMatchObject({ variant: 'warm', because: 'winner', figures: variants });
    const warm = only(plan, 'warm').length;
    expect(variants).toMatchObject([
      { name: 'plain', people: only(plan, 'plain').length, successes: 0 },
      { name: 'warm', people: warm, successes: warm, rate: 1 },
    ]);
    expect(variants[1]?.pBest).toBeGreaterThan(0.99);
    const held = PEOPLE.find(({ id }) => !plan.has(id))?.id ?? '';
    expect((await explain(herald, `campaign/${draft.id}`, held)).text).toMatch(/^Not sent: the person is held out/);

    // The next one is decided by what people spend: all buy, some for more. It is paused while it waits. A share of all people is left out now.
    const settings = { version: 0, percent: 30 };
    const everywhere = await herald.api.must<Holdout>(
      'PUT /v1/settings/holdout',
      await herald.as('operator-oscar', settings),
    );
    const secondMs = herald.cloud.clock.now();
    const experiment = { minimumSample: 10, minimumHours: 4, defaultVariant: 'plain', testPercent: TEST_PERCENT };
    const metric = { event: 'purchase', sum: 'total', upTo: 100 };
    const second = await start(herald, { experiment: { ...experiment, metric } });
    await herald.cloud.clock.advance(HOUR);
    const next = assigned(second, everywhere);
    const spent = ['plain', 'warm'].map((name) =>
      only(next, name).map((id, n) => ({ id, total: ORDERS[name]?.[n % 3] })),
    );
    const orders = spent.flat().map(({ id, total }) => {
      return { id: `o-${id}`, type: 'purchase', profileId: id, properties: { total } };
    });
    // Each arrives twice.
    for (let times = 0; times < 2; times += 1)
      await herald.api.must('POST /v1/events', { apiKey, body: { events: orders } });
    const waiting = only(next, undefined);
    expect((await got(herald, secondMs)).size).toBe(next.size - waiting.length);
    await act(herald, second, 'pause');
    await herald.cloud.clock.advance(24 * HOUR);
    expect((await got(herald, secondMs)).size).toBe(next.size - waiting.length);
    await act(herald, second, 'resume');
    await herald.cloud.clock.advance(HOUR);
    const later = await got(herald, secondMs);
    expect([...later.keys()].sort()).toEqual([...next.keys()].sort());
    expect(waiting.every((id) => later.get(id) === 'warm')).toBe(true);
    const amounts = await report(herald, second);
    expect(amounts.decision).toMatchObject({ variant: 'warm', because: 'winner', figures: amounts.variants });
    expect(amounts.variants).toMatchObject(
      spent.map((own) => {
        const paid = own.flatMap(({ total }) => (typeof total === 'number' ? Math.min(100, total) : []));
        const sum = paid.reduce((all, total) => all + total, 0);
        return { people: own.length, successes: paid.length, sum, mean: sum / own.length };
      }),
    );

    // One that is cancelled while it waits sends nothing to the rest.
    const thirdMs = herald.cloud.clock.now();
    const third = await start(herald);
    await herald.cloud.clock.advance(HOUR);
    const before = await got(herald, thirdMs);
    await act(herald, third, 'cancel');
    await herald.cloud.clock.advance(24 * HOUR);
    expect(await got(herald, thirdMs)).toEqual(before);
    expect(await stateOf(herald, third)).toBe('cancelled');

    // Of events, who is held out everywhere gets nothing promotional.
    const { id: templateId } = await herald.api.must<{ id: string }>(
      'POST /v1/templates',
      await herald.as('marketer-mia', { name: 'Cart', channels: { sms: { text: 'Your cart' } } }),
    );
    const trigger = await herald.api.must<{ id: string; version: number }>(
      'POST /v1/triggers',
      await herald.as('marketer-mia', {
        ...{ name: 'Cart', templateId, channelPolicy: ['sms'], topic: 'news', lane: 'promotional', eventType: 'cart' },
      }),
    );
    const approval = await herald.as('approver-ada', { version: trigger.version });
    await herald.api.must(`POST /v1/triggers/${trigger.id}/activate`, approval);
    await herald.cloud.clock.advance(10_000);
    const cartMs = herald.cloud.clock.now();
    const carts = PEOPLE.slice(0, 60).map(({ id: profileId }) => ({ id: `c-${profileId}`, type: 'cart', profileId }));
    await herald.api.must('POST /v1/events', { apiKey, body: { events: carts } });
    await herald.cloud.clock.advance(600_000);
    const [left, kept] = [true, false].map((out) =>
      carts.filter(({ profileId }) => isHeldOut(profileId, everywhere) === out),
    );
    expect([...(await got(herald, cartMs)).keys()].sort()).toEqual(kept?.map(({ profileId }) => profileId).sort());
    const { text } = await explain(herald, `trigger/${trigger.id}`, left?.[0]?.profileId ?? '');
    expect(text).toMatch(/^Not sent by sms: the person is held out/);

    const asked = PEOPLE.map(({ id }) => id).filter((id) => !isHeldOut(id, everywhere));
    await journeyExperiments(herald, asked, apiKey);
  },
);
