import { createHash } from 'node:crypto';
import type { OutcomeRow } from '../../core/delivery/outcome.ts';
import { Chance } from './chance.ts';
import { Cloud } from './cloud.ts';
import type { Violation } from './end.ts';
import type { Table } from './environment.ts';
import { ENVIRONMENT } from './environment.ts';
import { type FaultCounts, Faults } from './faults.ts';
import { Functions } from './functions.ts';
import { judge } from './judge.ts';
import { prepareMachine, running, simulate } from './machine.ts';
import { Story } from './story.ts';
import { Tables, type Without } from './tables.ts';
import { Timeline } from './timeline.ts';
import { Wire } from './wire.ts';
import { drawWorld, type World } from './world.ts';

export type SeedResult = {
  seed: number;
  /** SHA-256 of all that happened, in order: the same for the same seed. */
  trace: string;
  events: number;
  violations: Violation[];
  faults: FaultCounts;
  recipients: number;
  messages: number;
  /** Final outcomes by reason; `sent` for what was sent. */
  outcomes: Record<string, number>;
  virtualHours: number;
};
export type Options = { without?: Without | undefined; onTrace?: ((line: string) => void) | undefined };

/** Far more than any seed needs: whoever is still busy then never comes to rest. */
const MAX_EVENTS = 60_000;
const MINUTE_MS = 60_000;
/** What a handler does not throw when all that is wrong was injected. */
const SURPRISES = /^(TypeError|ReferenceError|RangeError|SyntaxError|AssertionError|ZodError|ValidationException)$/;

/** Loads once what handlers load late, for a file that is read takes a time that nobody can tell. */
let loaded: Promise<unknown> | undefined;
const loadAll = async (): Promise<void> => {
  Object.assign(process.env, ENVIRONMENT);
  await prepareMachine();
  loaded ??= Promise.all([
    import('liquidjs'),
    import('../../core/strategy/render.ts'),
    import('../../lambdas/adapters/erased-lately.ts'),
    import('../../lambdas/adapters/queues.ts'),
    import('../../lambdas/adapters/send-messages.ts'),
    import('../../lambdas/delivery/settle-tokens.ts'),
    import('../../lambdas/delivery/stop-plan.ts'),
    import('../../lambdas/delivery/write-links.ts'),
    import('../../lambdas/delivery/manage-dead-letters.ts'),
    import('../../lambdas/delivery/release-messages.ts'),
    import('../../lambdas/delivery/release-parked.ts'),
    import('../../lambdas/adapters/executions.ts'),
    import('../../lambdas/strategy/finish-campaign.ts'),
    import('../../lambdas/strategy/manage-campaigns.ts'),
  ]);
  await loaded;
};

/** Runs one seed to its quiet end, and judges it. */
export const runSeed = async (seed: number, { without, onTrace }: Options = {}): Promise<SeedResult> => {
  await loadAll();
  const world = drawWorld(seed);
  const timeline = new Timeline(world.startMs);
  const machine = new Chance(seed, 2);
  const chance = new Chance(seed, 3);
  const faults = new Faults(new Chance(seed, 4));
  drawOutages(new Chance(seed, 5), world, faults);
  const hash = createHash('sha256');
  const trace = (line: string) => {
    hash.update(`${line}\n`);
    onTrace?.(line);
  };
  const shared = { timeline, chance, faults, trace };
  const tables = new Tables(without);
  await tables.open();
  const functions = new Functions({ ...shared, maxSkewMs: world.maxSkewMs });
  const cloud = new Cloud({ ...shared, functions, wire: new Wire(shared), tables });
  const story = new Story({ world, timeline, chance, tables, cloud, functions, without });
  const surprises: string[] = [];
  simulate({
    now: () => timeline.now(),
    after: (ms, run) => timeline.after(ms, () => (running.getStore()?.dead ? undefined : run())),
    random: machine.next,
    sdk: (service, action, input) => cloud.network.sdk(service, action, input),
    fetch: (request) => cloud.network.fetch(request),
    log: (level, said) => {
      onTrace?.(`  ${level} ${JSON.stringify(said)}`);
      const { error } = (said ?? {}) as { error?: string };
      if (error !== undefined && SURPRISES.test(error) && (said as Error).message !== 'fetch failed')
        surprises.push(JSON.stringify(said));
    },
  });
  try {
    await story.begin();
    timeline.at(world.calmMs, () => faults.stop());
    let events = 0;
    const stallChance = new Chance(seed, 6);
    while (events < MAX_EVENTS && (await timeline.step())) {
      events += 1;
      if (faults.happens('stall')) timeline.stall(stallChance.int(100, 20_000));
    }
    const all = (table: Table) => tables.all(table);
    const contacts = await all('CONTACTS_TABLE');
    const outcomes = (cloud.lake.get('outcomes') ?? []) as OutcomeRow[];
    const end = {
      ...{
        world,
        outcomes,
        surprises,
        arrivals: cloud.arrivals(),
        ledger: await all('LEDGER_TABLE'),
        held: await all('TIMERS_TABLE'),
      },
      contacts: new Map(contacts.map((item) => [item.profileId?.S ?? '', item])),
      ...{
        waiting: await cloud.waiting(),
        ended: story.ended,
        stops: story.stops,
        pauses: story.pauses,
        failed: cloud.providers.failed,
      },
    };
    const violations = judge(end, without);
    if (events === MAX_EVENTS)
      violations.unshift({ invariant: 'comes-to-rest', detail: `Busy after ${events} events` });
    const finals = new Map(outcomes.filter(({ final }) => final).map((row) => [row.outcome_id, row]));
    return {
      ...{ seed, trace: hash.digest('hex').slice(0, 16), events, violations, faults: faults.counts },
      ...{ recipients: finals.size, messages: end.arrivals.length, outcomes: countsOf([...finals.values()]) },
      virtualHours: Math.round((timeline.now() - world.startMs) / (60 * MINUTE_MS)),
    };
  } finally {
    simulate(undefined);
    cloud.close();
  }
};

const countsOf = (rows: readonly OutcomeRow[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(rows, ({ reason }) => reason || 'sent')].map(([reason, some]) => [reason, some.length]),
  );

/** Tables, streams and providers that are down for a while: seldom, and then for long enough that queues give up. */
const drawOutages = (chance: Chance, { startMs, calmMs }: World, faults: Faults): void => {
  const parts = ['LEDGER_TABLE', 'CONTACTS_TABLE', 'DEFINITIONS_TABLE', 'TIMERS_TABLE', 'outcomes', 's3', 'scheduler'];
  for (const provider of ['push', 'sms', 'email', 'whatsapp']) {
    if (!chance.is(0.2)) continue;
    const fromMs = chance.int(startMs, calmMs);
    faults.outages.push({ of: provider, fromMs, toMs: fromMs + chance.int(1, 120) * MINUTE_MS });
  }
  if (!chance.is(0.4)) return;
  const fromMs = startMs + chance.int(0, 120) * MINUTE_MS;
  const minutes = chance.is(0.6) ? chance.int(1, 30) : chance.int(65, 120);
  faults.outages.push({ of: chance.pick(parts), fromMs, toMs: fromMs + minutes * MINUTE_MS });
};
