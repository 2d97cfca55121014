import type { AskedRow } from '../core/audience/erasure-queries.ts';
import type { LeadStageRow } from '../core/audience/lead.ts';
import type { SegmentMemberRow } from '../core/audience/live/membership-change.ts';
import type { ListMemberRow } from '../core/audience/membership.ts';
import type { ProfileRow } from '../core/audience/profile.ts';
import type { ConsentRow } from '../core/delivery/consent.ts';
import type { OutcomeRow } from '../core/delivery/outcome.ts';
import type { EventRow } from '../core/event/event.ts';
import type { IdentityRow } from '../core/event/identity.ts';
import type { StepRow } from '../core/strategy/journey/step-row.ts';

export type Column = { name: string; type: 'string' | 'bigint' | 'boolean' };
type TypeOf<Value> = Value extends string ? 'string' : Value extends number ? 'bigint' : 'boolean';
type ColumnsOf<Row> = { [Name in keyof Row]-?: TypeOf<Row[Name]> };

// Written out because types are gone at run time; a column that is missing, surplus or mistyped does not compile.
const events = {
  id: 'string',
  type: 'string',
  profile_id: 'string',
  source: 'string',
  time_ms: 'bigint',
  received_ms: 'bigint',
  properties: 'string',
} satisfies ColumnsOf<EventRow>;

const outcomes = {
  outcome_id: 'string',
  plan_kind: 'string',
  plan_id: 'string',
  run_id: 'string',
  profile_id: 'string',
  channel: 'string',
  outcome: 'string',
  reason: 'string',
  final: 'boolean',
  at_ms: 'bigint',
  message_id: 'string',
  event_id: 'string',
  variant: 'string',
} satisfies ColumnsOf<OutcomeRow>;

const profiles = {
  profile_id: 'string',
  version: 'bigint',
  updated_ms: 'bigint',
  email: 'string',
  phone: 'string',
  push_token: 'string',
  wechat_open_id: 'string',
  time_zone: 'string',
  locale: 'string',
  attributes: 'string',
} satisfies ColumnsOf<ProfileRow>;

const consents = {
  profile_id: 'string',
  consent: 'string',
  given: 'boolean',
  imported: 'boolean',
  at_ms: 'bigint',
} satisfies ColumnsOf<ConsentRow>;

const identities = {
  alias: 'string',
  profile_id: 'string',
  at_ms: 'bigint',
} satisfies ColumnsOf<IdentityRow>;

const listMembers = {
  list_id: 'string',
  profile_id: 'string',
  member: 'boolean',
  at_ms: 'bigint',
} satisfies ColumnsOf<ListMemberRow>;

const leadStages = {
  change_id: 'string',
  profile_id: 'string',
  model_id: 'string',
  change_number: 'bigint',
  from_stage: 'string',
  stage: 'string',
  score: 'bigint',
  cause: 'string',
  at_ms: 'bigint',
} satisfies ColumnsOf<LeadStageRow>;
const segmentMembers = {
  segment_id: 'string',
  profile_id: 'string',
  member: 'boolean',
  at_ms: 'bigint',
} satisfies ColumnsOf<SegmentMemberRow>;

const participantSteps = {
  journey_id: 'string',
  profile_id: 'string',
  entry: 'bigint',
  step: 'bigint',
  version: 'string',
  node: 'string',
  kind: 'string',
  way: 'string',
  why: 'string',
  at_ms: 'bigint',
} satisfies ColumnsOf<StepRow>;

const columns = (types: Record<string, Column['type']>): readonly Column[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

/** Tables of the lake and their columns, the same as the row types in core/ (architecture.md, 8). */
export const LAKE_TABLES = {
  events: columns(events),
  outcomes: columns(outcomes),
  profiles: columns(profiles),
  consents: columns(consents),
  identities: columns(identities),
  list_members: columns(listMembers),
  lead_stages: columns(leadStages),
  segment_members: columns(segmentMembers),
  participant_steps: columns(participantSteps),
};
export type LakeTable = keyof typeof LAKE_TABLES;

const peopleAsked = { run: 'string', profile_id: 'string', person: 'string' } satisfies ColumnsOf<AskedRow>;
/** Columns of the table `people_asked`, which no stream writes: see core/audience/erasure-queries.ts. */
export const PEOPLE_ASKED = columns(peopleAsked);
