import * as z from 'zod/mini';
import { CHANNELS } from '../../delivery/channel.ts';
import { SKIP_REASONS } from '../../delivery/outcome.ts';
import { latePolicyInput } from '../late.ts';

const channel = z.enum(CHANNELS);
const count = z.int();
/** People of the audience, and between how many with 95 % confidence; all three are the same where everybody was looked at. */
const estimate = z.object({ size: count, low: count, high: count });
const amount = z.object({ size: z.number(), low: z.number(), high: z.number() });

const reach = z.object({ reachable: estimate, noAddress: estimate, noConsent: estimate, suppressed: estimate });
const named = z.object({ id: z.string(), name: z.string() });

/** What a campaign would do if nothing changed before it begins. */
export const summary = z.object({
  /** `atMs` null: not at all, for its time has passed. `isLate`: it begins later than planned, as `ifLate` says. */
  begins: z.object({ atMs: z.nullable(count), isLate: z.boolean(), ifLate: z.optional(latePolicyInput) }),
  /** Counted over the whole lake; `of`: people altogether. */
  audience: z.object({ size: count, of: count }),
  /** So many of the audience were looked at one by one; `exact`: all. */
  sample: z.object({ people: count, exact: z.boolean() }),
  /** Of the channel policy: whom each could reach, whether its turn comes or not. */
  channels: z.partialRecord(channel, reach),
  /** On one of them. */
  reachable: estimate,
  heldOut: estimate,
  /** Who meets a cap or the minimum gap: `now`, and when it is sent, with the touches of now. */
  caps: z.object({ now: estimate, atSend: estimate }),
  /** At whose time it is quiet: they wait until the hour ends, or get nothing. `untilMs`: the last of those who wait. */
  quietHours: z.object({ waits: estimate, dropped: estimate, tooLate: estimate, untilMs: z.optional(count) }),
  expected: z.object({
    sent: estimate,
    byChannel: z.partialRecord(channel, estimate),
    skipped: z.partialRecord(z.enum(SKIP_REASONS), estimate),
  }),
  /** By `prices` of the delivery settings, for those who are sent to. Channels without a price cost nothing, and are named. */
  cost: z.object({ amount, prices: z.partialRecord(channel, z.number()), unpriced: z.array(channel) }),
  /** At the rates of the channels and the campaign's speed; null: nothing limits it but workers. `spreadSeconds`: between the first and the last hour of recipients. */
  duration: z.object({
    seconds: z.nullable(count),
    limitedBy: z.nullable(z.union([z.literal('speed'), channel])),
    spreadSeconds: count,
  }),
  /**
   * What else is planned: `overlap` is how many people are in both audiences; absent: not counted. `more` are not named. `notes`: what
   * could not be looked at, in words.
   */
  conflicts: z.object({
    campaigns: z.array(
      z.extend(named, {
        state: z.string(),
        atMs: count,
        sameTopic: z.boolean(),
        overlap: z.optional(count),
      }),
    ),
    triggers: z.array(named),
    journeys: z.array(named),
    more: count,
    notes: z.optional(z.array(z.string())),
  }),
  /**
   * `failed`: messages of the sample that could not be rendered. Of those that were `checked`, the first 200: which variables had no
   * value, whether the template copes with that or not, and what is doubtful about how they are shown.
   */
  template: z.object({
    rendered: count,
    failed: count,
    checked: count,
    missing: z.array(z.object({ channel, variable: z.string(), people: count })),
    notes: z.array(z.object({ channel, code: z.string(), people: count })),
  }),
});
export type Summary = z.infer<typeof summary>;

const about = {
  campaignId: z.string(),
  /** Of the campaign that was looked at, and the hash of its content. */
  version: count,
  hash: z.string(),
  askedMs: count,
};

/** Definition of kind `pre-flight`, by `preFlightId`. */
export const preFlight = z.union([
  z.object({ ...about, state: z.literal('running') }),
  z.object({ ...about, state: z.literal('done'), doneMs: count, scannedBytes: count, summary }),
  z.object({ ...about, state: z.literal('failed'), reason: z.string() }),
]);
