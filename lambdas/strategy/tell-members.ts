import type { Context } from 'aws-lambda';
import type { MemberRow } from '../../core/audience/segment-queries.ts';
import { enteringBySchedule, entryRun } from '../../core/strategy/journey/entry-outcome.ts';
import type { LiveDecision } from '../../core/strategy/journey/live-decisions.ts';
import type { LiveJourney } from '../../core/strategy/journey/live-journey.ts';
import { chunkStimuli, type ParticipantsMessage } from '../../core/strategy/journey/participants-message.ts';
import { isInForce, membersKnown, membersTold } from '../../core/strategy/journey/series-decisions.ts';
import { MACHINE } from '../../core/strategy/machine.ts';
import { definitions } from '../adapters/definitions.ts';
import { journeys } from '../adapters/journeys.ts';
import { sendAll } from '../adapters/queues.ts';
import { unloadedRows } from '../adapters/unloaded-rows.ts';
import { readEnv } from '../middleware/read-env.ts';
import { changeLiveJourney } from './change-live-journey.ts';
import { env } from './tell-members.env.ts';

const { DEFINITIONS_TABLE, AUDIT_TABLE, WORK_BUCKET, PARTICIPANTS_QUEUE_URL } = readEnv(env);
const defs = definitions(DEFINITIONS_TABLE);
const { journeyOf } = journeys(defs);
const store = { defs, sinks: { auditTable: AUDIT_TABLE } };

/** People who are told between two looks at the journey. Their messages are numbered from the page's number times `NUMBERS`. */
const PAGE = 2_000;
const NUMBERS = 100;
/** With less time left no page is begun: one takes a second, a throttled queue a while. */
const ENOUGH_MS = 60_000;

/** `manifest`: S3 address of Athena's list of files, '' when the query wrote none. `from`: pages that were told before. */
type Task = { journeyId: string; chain: number; manifest: string; from?: number };

/**
 * Task of enter-on-schedule: tells everybody in the files that the newest time of the schedule lets them in. `done`: nothing is left to do, for all
 * were told, or the journey was paused or stopped, or has another schedule: prepare-entering knows. Running it twice is safe: the same files give
 * the same messages with the same numbers, the event that lets somebody in has the name of the time, and each message is counted once.
 */
export const handler = async (
  { journeyId, chain, manifest, from = 0 }: Task,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<{ done: boolean; from: number }> => {
  const live = await change(journeyId, (live) => membersKnown(live, chain, manifest));
  const last = isInForce(live, chain) ? live.series.last : undefined;
  if (!last || last.isDone) return { done: true, from };
  const run = entryRun(journeyId, last);
  const stimuli = [enteringBySchedule(journeyId, last)];

  let people = 0;
  let page = 0;
  for await (const profileIds of pagesOf(manifest)) {
    people += profileIds.length;
    if (page >= from) {
      if (!(await goesOn(journeyId, chain))) return { done: true, from: page };
      if (context.getRemainingTimeInMillis() < ENOUGH_MS) return { done: false, from: page };
      const messages = chunkStimuli(profileIds.map((profileId) => ({ profileId, journeyId, stimuli })));
      await send(
        messages.map((message, n) => ({ ...message, counted: { run, number: page * NUMBERS + n } })),
        journeyId,
      );
    }
    page += 1;
  }
  await change(journeyId, (live) => membersTold(live, chain, people));
  return { done: true, from: page };
};

/** What was so 3 seconds ago is enough to go on, but not to stop: it may be from before the chain began. */
const goesOn = async (journeyId: string, chain: number): Promise<boolean> => {
  for (const when of [undefined, 'now'] as const) {
    const live = await journeyOf(journeyId, when);
    if (live && isInForce(live, chain)) return true;
  }
  return false;
};

async function* pagesOf(manifest: string): AsyncGenerator<string[]> {
  let page: string[] = [];
  for await (const { row } of unloadedRows<MemberRow>(WORK_BUCKET, manifest)) {
    page.push(row.profile_id);
    if (page.length === PAGE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

const send = (messages: readonly ParticipantsMessage[], group: string): Promise<void> =>
  sendAll(
    PARTICIPANTS_QUEUE_URL,
    messages.map((body) => ({ body, group })),
  );

const change = async (journeyId: string, decide: (live: LiveJourney) => LiveDecision): Promise<LiveJourney> => {
  const result = await changeLiveJourney(store, journeyId, MACHINE, Date.now(), (live) =>
    live ? decide(live) : { kind: 'refuse', problem: 'not-found', detail: 'It is gone' },
  );
  if (!('id' in result)) throw new Error(`Journey ${journeyId}: ${result.detail}`);
  return result;
};
