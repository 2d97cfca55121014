import type { ParticipantsMessage, Stimuli } from '../../core/strategy/journey/participants-message.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { assembly } from '../../scripts/assembly.ts';
import { story } from '../../scripts/story.ts';
import { bar } from '../bar.ts';
import { type Bill, billPer } from '../delivery/bills.ts';
import type { Part } from '../part.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 10, 18, 12);
/** Waits of one after the other, so that entering and leaving weigh little. */
const WAITS = 5;
const PER_MESSAGE = 100;

type Hold = 'pooled' | 'traced';
/**
 * `aMinute`: so many enter in each minute, and are due in one later; absent: all in the same one, and then `spikeSeconds` are those of the
 * machine until all of them wait again. `peakMiB`: memory of this process, which keeps what it once had.
 */
export type Waits = {
  hold: Hold;
  people: number;
  aMinute?: number;
  bill: Bill;
  spikeSeconds?: number;
  peakMiB: number;
};

const journey = (hold: Hold) => ({
  name: `Waits, ${hold}`,
  topic: 'news',
  hold,
  entry: { api: true },
  start: 'wait-1',
  nodes: {
    ...Object.fromEntries(
      Array.from({ length: WAITS }, (_, n) => [
        `wait-${n + 1}`,
        { kind: 'wait', for: { days: 1 }, next: n + 1 < WAITS ? `wait-${n + 2}` : 'end' },
      ]),
    ),
    end: { kind: 'exit' },
  },
});

/** Puts so many people into a journey, as the members of a segment enter, and lets them wait. */
const letWait = async ({ hold, people, aMinute }: Pick<Waits, 'hold' | 'people' | 'aMinute'>): Promise<Waits> => {
  const peakMiB = watchMemory();
  // What makes good for crashes runs every six hours: it belongs to no wait.
  const cloud: Cloud = await startCloud({
    assembly: assembly('local'),
    clock: { virtualStartMs: NOON },
    ratesAtMostEveryMs: 6 * 3_600_000,
  });
  try {
    const { api, as } = story(cloud);
    const { id, version } = await api.must<{ id: string; version: number }>(
      'POST /v1/journeys',
      await as('marketer-mia', journey(hold)),
    );
    await api.must(`POST /v1/journeys/${id}/publish`, await as('approver-ada', { version }));
    await cloud.clock.advance(15_000);
    const queue = cloud.resources.find(
      ({ logicalId, type }) => type === 'AWS::SQS::Queue' && /^Participants(?!.*Dead)/.test(logicalId),
    );
    const size = aMinute ?? PER_MESSAGE;
    for (let from = 0; from < people; from += size) {
      const atMs = cloud.clock.now();
      const some = Array.from({ length: Math.min(size, people - from) }, (_, n): Stimuli => {
        const event = {
          id: `e${from + n}`,
          type: 'herald.journey.entered',
          source: 'herald',
          timeMs: atMs,
          receivedMs: atMs,
        };
        return {
          profileId: `p${from + n}`,
          journeyId: id,
          stimuli: [{ kind: 'enter', event: { ...event, properties: {} } }],
        };
      });
      const message: ParticipantsMessage = { kind: 'stimuli', people: some };
      cloud.services.sqs.send(queue?.attributes.Arn ?? '', JSON.stringify(message), { group: id });
      if (aMinute) await cloud.clock.advance(60_000);
    }
    await cloud.clock.advance(60_000);
    const before = cloud.meter.snapshot();
    let spikeSeconds = 0;
    // The last one ends the journey: who leaves waits no more.
    for (let wait = 1; wait < WAITS; wait += 1) {
      const beganMs = performance.now();
      await cloud.clock.advance(DAY_MS + 300_000);
      spikeSeconds += (performance.now() - beganMs) / 1_000 / (WAITS - 1);
    }
    const counts = cloud.meter.diff(before, cloud.meter.snapshot());
    await cloud.clock.advance(DAY_MS + 600_000);
    const { items } = await api.must<{ items: object[] }>(
      `GET /v1/journeys/${id}/participants?limit=100`,
      await as('operator-oscar'),
    );
    if (items.length > 0) throw new Error(`At least ${items.length} of ${people} are still inside`);
    const bill = billPer(counts, people * (WAITS - 1));
    return { hold, people, bill, peakMiB: peakMiB(), ...(aMinute ? { aMinute } : { spikeSeconds }) };
  } finally {
    await cloud.stop();
  }
};

/** Looks twice a second; gives the most that was there, and looks no more. */
const watchMemory = (): (() => number) => {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 500);
  timer.unref();
  return () => {
    clearInterval(timer);
    return Math.round(most / 2 ** 20);
  };
};

/** So many become due in each minute of a quiet day. */
const QUIET = { people: 600, aMinute: 5 };

/** What a wait costs, and how fast those move on who are due in the same minute. */
export const measureWaits = async (
  sizes: readonly number[],
  traced: number,
  tell: (text: string) => void,
): Promise<Part> => {
  const found: Waits[] = [];
  for (const asked of [
    ...sizes.map((people) => ({ hold: 'pooled' as const, people })),
    { hold: 'pooled' as const, ...QUIET },
    { hold: 'traced' as const, people: traced },
  ]) {
    tell(`  ${asked.people} ${asked.hold} …`);
    found.push(await letWait(asked));
  }
  const largest = found.filter(({ hold, aMinute }) => hold === 'pooled' && !aMinute).at(-1);
  return {
    figures: { waits: found },
    text: `Waits of a day, through the local cloud\n${found.map(textOf).join('\n')}`,
    bars: bar('a million pooled waits', largest?.bill.usdPerMillion, 1.5, 'USD'),
  };
};

const textOf = ({ hold, people, aMinute, bill, spikeSeconds = 0, peakMiB }: Waits): string => {
  const { usdPerMillion, writeUnits, requests } = bill;
  const when = aMinute
    ? `${aMinute} due in each minute`
    : `all due at once, done in ${spikeSeconds.toFixed(1)} s (${(people / spikeSeconds).toFixed(0)} a second)`;
  return `  ${hold} ${people.toLocaleString('en').padStart(9)}: $${usdPerMillion.toFixed(2)} a million, ${writeUnits.toFixed(2)} write units, ${requests.toFixed(2)} requests each; ${when}; at most ${peakMiB} MiB`;
};
