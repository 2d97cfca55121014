/** Who set a stage by hand, and so keeps the score from moving it. */
export type Pin = { by: string; atMs: number; note?: string };

/** What moved a lead: points, the fading of points, a person, or that two ids turned out to be one person. */
export type StageCause = 'score' | 'decay' | 'person' | 'merge';

/** One change of a person's stage. The same change is the same object, however often it is published. */
export type StageChange = {
  /** ULID made of time and content: the id of the event and of the webhooks that tell of it. */
  id: string;
  profileId: string;
  modelId: string;
  modelName: string;
  /** 1 is the first change of this person in this model. */
  number: number;
  from: string;
  stage: string;
  /** Two decimals. */
  score: number;
  atMs: number;
  cause: StageCause;
  /** `sub` of the person who set it by hand. */
  by?: string;
  note?: string;
  /** What the score is made of, the weightiest first. */
  why: Share[];
  /** Webhook endpoints that are told. */
  handOver: string[];
};

/** What one rule, or one trait of the profile, gives to a score. `points`: now, faded, two decimals. */
export type Share = { label: string; points: number; times?: number; lastMs?: number };

/** A stage change as a lead remembers it. */
export type PastStage = Pick<StageChange, 'stage' | 'score' | 'atMs' | 'cause'> & { by?: string; note?: string };

/** What a rule gave when it was observed; see ruleKey. */
export type GivenRule = { label: string; points: number; halfLifeMs: number; perDay?: number; times?: number };

/** What is no longer kept event by event: its points at LeadState.lineMs, how many events, the newest of them. */
export type Folded = { value: number; times: number; lastMs: number };

/** An event that counts for a rule. A tuple, because a person's item is billed by the kilobyte. */
export type Counted = [timeMs: number, eventKey: string, ruleKey: string];

/** What is kept of one person for one lead model. */
export type LeadState = {
  /** Version of the item; every write is conditional on it. 0: no item yet. */
  version: number;
  stage: string;
  /** Since when it is in this stage. */
  sinceMs: number;
  /** How many stage changes there were. */
  changes: number;
  pin?: Pin;
  /** The newest stage changes, the oldest first. */
  history: PastStage[];
  /** Points for the profile, as it was when somebody last looked. */
  fit: Share[];
  rules: Record<string, GivenRule>;
  /** Newest events, by time. */
  kept: Counted[];
  /** Everything up to this event time is folded: an event that is not after it, and not kept, counts no more. */
  lineMs: number;
  folded: Record<string, Folded>;
  /** How many events of the line's own day are folded, for caps per day. */
  lineDay: { day: number; times: Record<string, number> };
  /** When a timer will ring. */
  timerMs?: number;
  /** Anonymous ids whose lead was taken over last. */
  merged?: string[];
};

/** Events that are at most so old when they arrive count, as late as any trigger's may. So long they are kept one by one. */
export const LEAD_LATENESS_MS = 7 * 86_400_000;
/** Of one person and model at most so many events are kept one by one: 200 are about 8 KB, and each event writes all of it. */
export const MAX_KEPT = 200;
export const MAX_HISTORY = 50;
/** What is told of a score in a change. */
export const MAX_SHARES = 10;

export const newLead = (stage: string, nowMs: number): LeadState => ({
  version: 0,
  stage,
  sinceMs: nowMs,
  changes: 0,
  history: [],
  fit: [],
  rules: {},
  kept: [],
  lineMs: Number.MIN_SAFE_INTEGER,
  folded: {},
  lineDay: { day: Number.MIN_SAFE_INTEGER, times: {} },
});

export const round2 = (value: number): number => Math.round(value * 100) / 100;

/** A row of the lake table `lead_stages`. Rows may repeat; `change_id` names the change. `score` is rounded to a whole number. */
export type LeadStageRow = {
  change_id: string;
  profile_id: string;
  model_id: string;
  change_number: number;
  from_stage: string;
  stage: string;
  score: number;
  cause: string;
  at_ms: number;
};

export const leadStageRow = (change: StageChange): LeadStageRow => ({
  change_id: change.id,
  profile_id: change.profileId,
  model_id: change.modelId,
  change_number: change.number,
  from_stage: change.from,
  stage: change.stage,
  score: Math.round(change.score),
  cause: change.cause,
  at_ms: change.atMs,
});
