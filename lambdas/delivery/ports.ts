import type { Channel, Lane } from '../../core/delivery/channel.ts';
import type { HeldMessage } from '../../core/delivery/held-message.ts';
import type { messageLinks } from '../../core/delivery/links/message-links.ts';
import type { PlanRef, SendMessage, SnapshotRow } from '../../core/delivery/messages.ts';
import type { OutcomeRow } from '../../core/delivery/outcome.ts';
import type { Speed } from '../../core/delivery/pace.ts';
import type { Refusals } from '../../core/delivery/refusals.ts';
import type { ChannelSender } from '../../core/delivery/sender.ts';
import type { DeliverySettings } from '../../core/delivery/settings.ts';
import type { Holdout } from '../../core/strategy/holdout.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import type { Renderer } from '../../core/strategy/render.ts';
import type { Lookup } from '../../core/strategy/template/catalogue.ts';
import type { TemplateContent } from '../../core/strategy/template.ts';
import type { TemplateVariables } from '../../core/strategy/template-variables.ts';
import type { Contacts } from '../adapters/contacts.ts';
import type { Ledger } from '../adapters/ledger.ts';
import type { Touches } from '../adapters/touches.ts';
import type { Pacer } from './pacer.ts';
import type { PutBack } from './pacing.ts';

/** Everything outside that a delivery touches; tests put memory and crashes here. */
export type Ports = {
  now(): number;
  planOf(plan: PlanRef): Promise<PlanVersion>;
  /** Why nothing more is to be sent of the plan, if so. At most 3 seconds old. */
  stopOf(plan: PlanRef): Promise<'plan-cancelled' | 'plan-paused' | undefined>;
  /** Name of the pause that a campaign is in, or of the stop of everything promotional. At most 3 seconds old, or read `now`. */
  pauseOf(plan: PlanRef, when?: 'now'): Promise<string | undefined>;
  settings(): Promise<DeliverySettings>;
  /** Who gets nothing promotional. Asked about messages of events; a campaign has told them apart before. */
  holdout(): Promise<Holdout>;
  /** Of a campaign, as it is set now. At most 3 seconds old. */
  speedOf(plan: PlanRef): Promise<Speed | undefined>;
  /** Asked for only where something limits how fast messages go out. */
  pacer(): Promise<Pacer>;
  /** The recipients of the message in order; undefined is a person who has no profile (any more). */
  rowsOf(message: SendMessage): Promise<(SnapshotRow | undefined)[]>;
  ledger: Pick<Ledger, 'claim' | 'save' | 'batchesDone' | 'heardOf'>;
  contacts: Pick<Contacts, 'get' | 'getMany' | 'suppress'> & Touches;
  /** What this worker remembers of each plan on its channel, by plan id. It only decides what is cheaper. */
  refusals: Map<string, Refusals>;
  renderer(): Promise<Pick<Renderer, 'render'>>;
  /** What makes the links of a plan's messages on this channel; undefined where they have none of Herald's. */
  linksOf(plan: PlanVersion, source: string | undefined): Promise<ReturnType<typeof messageLinks> | undefined>;
  /** The rows of reference tables that these messages need; undefined where the template asks for none. */
  catalogueOf(template: TemplateContent, everybody: readonly TemplateVariables[]): Promise<Lookup | undefined>;
  sender: ChannelSender;
  append(rows: readonly OutcomeRow[]): Promise<void>;
  enqueue(channel: Channel, lane: Lane, messages: readonly SendMessage[]): Promise<void>;
  /** Puts messages back into the queue of their lane that they came from, each for its time, which is 15 minutes away at most. */
  putBack(lane: Lane, messages: readonly PutBack[]): Promise<void>;
  /** Has it enqueued when it is due. */
  hold(message: HeldMessage, dueMs: number): Promise<void>;
  /** Has it enqueued when that pause of its campaign ends, if that is still to come. */
  park(message: HeldMessage, wait: string): Promise<void>;
};
