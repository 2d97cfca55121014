import type { Profile } from '../../audience/profile.ts';
import type { ContactFacts, ReferenceRows } from '../../event/evaluate.ts';
import type { AcceptedEvent } from '../../event/event.ts';
import type { NodeId } from './journey-node.ts';
import type { JourneyVersion, PatternId } from './journey-version.ts';

/** Why a participation is over. The list is closed: reports count by it. */
export type EndReason =
  /** An exit node. */
  | 'exit'
  | 'goal'
  /** An event of the journey's `exits`. */
  | 'exit-criterion'
  | 'held-out'
  /** Longer inside than the journey's `longest`. */
  | 'too-long'
  /** The version in force does not have the node that would be next. */
  | 'node-gone'
  /** Another version is in force, whose publisher chose that those inside leave. */
  | 'version-ended'
  | 'stopped'
  /** Somebody took the person out. */
  | 'removed'
  /** In circles without taking time. Validation lets no such journey in. */
  | 'endless';

/** Why somebody does not enter. */
export type RefusedReason =
  | 'inside'
  | 'once-only'
  | 'too-soon'
  | 'often-enough'
  | 'held-out'
  | 'too-late'
  /** It happened before the journey went live, or was resumed. */
  | 'before-live'
  | 'paused'
  | 'stopped';

/** The event with which somebody entered, without what the version does not name. */
export type EntryEvent = Pick<AcceptedEvent, 'id' | 'type' | 'source' | 'timeMs' | 'receivedMs' | 'properties'>;

/** An event that a wait, a goal or an exit may want: pattern, when it happened (epoch ms), and its key (see eventKey). */
export type SeenEvent = [pattern: PatternId, atMs: number, key: string];

/** Where a participant rests. `why` says it in English. */
export type Hold = {
  /** Number of the step that began it, which names its timer. */
  step: number;
  /** Epoch ms at which the timer wakes them. */
  dueMs: number;
  why: string;
  /** True: then the journey has lasted too long, whatever the node says. */
  isLast?: true;
  /**
   * True: so many nodes were passed at once, or this throttle was passed a moment ago, that this one has not been asked: it is when the timer
   * rings, as if they had just come.
   */
  isUnasked?: true;
  /** While paused: the event that is waited for has come. `branch`: index into the node's events. */
  met?: { branch: number; atMs: number; key: string };
};

/**
 * A message to be asked for, or a change of the profile, of the node of a version (`hash`). Doing it twice is harmless. `atMs`: when they
 * came to the node (epoch ms).
 */
export type NodeEffect = {
  kind: 'send' | 'update';
  entry: number;
  step: number;
  node: NodeId;
  hash: string;
  atMs: number;
};

/** Of traced participants: an execution of this number is to follow them; the one that waits with this token is to look again. */
export type TracingEffect = { kind: 'follow'; entry: number; follower: number } | { kind: 'wake'; token: string };
export type Effect = NodeEffect | TracingEffect;

/** One line of what somebody did; the lake has the rest. */
export type PastStep = Pick<Step, 'step' | 'node' | 'way' | 'atMs'>;

/**
 * Of one person and journey: their last participation. One item, one conditional write. `entry` 0: they never entered, and either events
 * that came before their entry are remembered here, or that they are held out (`end`).
 */
export type Participant = {
  /** Of the item; 0 before it is stored. */
  version: number;
  /** How often the person has entered, this time included. */
  entry: number;
  /** Of the journey's version that they are on. */
  hash: string;
  state: 'inside' | 'over';
  /** Where they rest, or were last. '' before they entered. */
  node: NodeId;
  /** Number of the last step of this entry. */
  step: number;
  /** Epoch ms from which durations run: the time of what moved them last, but never long before it was handled. */
  clockMs: number;
  /** Epoch ms from which on events count: the time of what moved them last, however late that was handled. */
  sinceMs: number;
  /** Epoch ms, `clockMs` at entry. */
  enteredMs: number;
  /** True: they have rested in this entry, so the next time of day is one after that. */
  hasRested?: true;
  /** Exactly while inside. */
  hold?: Hold;
  /** Events that no wait has taken and that one may still take. */
  seen: SeenEvent[];
  /** Keys of events that were taken and happened at `sinceMs`: of those before nobody asks any more. */
  consumed: string[];
  /** Absent before the first entry. */
  event?: EntryEvent;
  /** What chance has decided, by node: splits and experiments. Kept for good, so that nobody changes sides. */
  arms: Record<NodeId, string>;
  /** When goals were reached, epoch ms. */
  goals: Record<string, number>;
  end?: { reason: EndReason; detail?: string; atMs: number };
  /** The newest 12. */
  steps: PastStep[];
  /** Not yet known to be published. */
  pending?: Effect[];
  /** Of a traced participant: the task that waits. */
  token?: string;
  /**
   * Of a traced participant inside: the number of the execution that follows them, or will; any other has nobody to follow. It is the
   * version of the item in which it was asked for, so that no number comes twice.
   */
  follower?: number;
};

/** What happened to somebody, or may have. Any may come twice, late, or out of order. */
export type Stimulus =
  /** An event that matches these patterns of the live journey, other than that of its entry. */
  | { kind: 'event'; patterns: PatternId[]; event: Pick<AcceptedEvent, 'id' | 'source' | 'timeMs' | 'receivedMs'> }
  /** What lets somebody in: the event itself, or one that was made for a schedule, a segment's member or a call. */
  /** `isAsked`: the journey itself has asked them in, so that it has been paused since keeps nobody out. */
  | { kind: 'enter'; event: EntryEvent; isAsked?: true }
  /** The timer of this step. */
  | { kind: 'due'; entry: number; step: number }
  /** Something about the journey has changed: it was resumed, stopped, or has another version. */
  | { kind: 'look' }
  | { kind: 'end'; entry: number; reason: string };

/** What is known of the person. What `needs` does not name may be absent; what it names and is absent is not there. */
export type JourneyFacts = {
  profile?: Pick<Profile, 'attributes' | 'timeZone' | 'locale' | 'email' | 'phone' | 'pushToken' | 'wechatOpenId'>;
  contact?: ContactFacts;
  references?: ReferenceRows;
  /** Of the segments and lists that `needs` names those that the person is in. */
  segments?: ReadonlySet<string>;
  lists?: ReadonlySet<string>;
  /** Percent of each arm that is in force now, in the order of the node's arms, and why they are not those of the version. */
  shares?: Record<NodeId, { percents: number[]; why: string }>;
  /** Epoch ms of the turns that were taken for the person at throttles: see `ask`. */
  slots?: Record<NodeId, number>;
  /** Those who get nothing of any plan. Asked for at entry. */
  globalHoldout?: { percent: number; salt: string };
  /** For who has no time zone, or none that exists. Absent: UTC. */
  fallbackTimeZone?: string;
};

/** The journey at the moment. */
export type JourneyMoment = {
  profileId: string;
  state: 'live' | 'paused' | 'stopped';
  /** Epoch ms at which it went live, or was resumed last: what happened before lets nobody in. */
  sinceMs: number;
  current: JourneyVersion;
  /** The version that the participant is on, when it is another one. */
  own?: JourneyVersion;
  /** What becomes of those who are inside with another version than the current one. */
  inside: 'finish' | 'move' | 'exit';
};

/**
 * What somebody did at a node, and why, as the report, `why` and the simulation say it. `way`: the branch, arm or event that was taken,
 * `next`, `waits`, `timeout`, or how it ended.
 */
export type Step = {
  entry: number;
  step: number;
  /** Of the version that they were on. */
  hash: string;
  /** '' for what has no node: an entry that was held out, a goal. */
  node: NodeId;
  kind: string;
  way: string;
  why: string;
  /** Epoch ms, logical. */
  atMs: number;
};

export type Advanced = {
  /** The same object as before when nothing has changed. Absent: there is none, and none is to be stored. */
  participant?: Participant;
  steps: Step[];
  /** A timer to be set, before the participant is stored: one too many is harmless, one too few loses somebody. */
  wake?: { entry: number; step: number; dueMs: number };
  /** True: it is to be looked at again when the journey is resumed. */
  park?: true;
  refused?: RefusedReason;
  /**
   * A turn is to be taken for this node, and the same asked again with it in `slots`; nothing else in here is to be used. So nobody
   * is ever stored who waits for an answer.
   */
  ask?: { throttle: NodeId; perMinute: number };
};
