/**
 * Every place that Herald keeps something in, and what is personal there: one row a store, so that nobody adds a store and
 * forgets that people may ask for what is in it, and for its end. test/lib/personal-stores.test.ts compares the rows with the
 * templates. docs/personal-data.md tells the same in the words of whoever must answer for it.
 */

/** It holds nothing about people, and `why` that is so. */
type Nothing = { personal: 'none'; why: string };
/** It is left to its end, which comes by itself after this many days. */
type Expires = { personal: 'expires'; days: number; why: string };

/** Names of the environment variables of the functions that export and erase. */
export type TableVariable =
  | 'PROFILES_TABLE'
  | 'CONTACTS_TABLE'
  | 'WINDOWS_TABLE'
  | 'IDENTITIES_TABLE'
  | 'MEMBERSHIPS_TABLE'
  | 'LEADS_TABLE'
  | 'PARTICIPANTS_TABLE'
  | 'INBOX_TABLE'
  | 'TIMERS_TABLE'
  | 'LEDGER_TABLE'
  | 'DEVICES_TABLE'
  | 'AUDIT_TABLE'
  | 'DEFINITIONS_TABLE';

/**
 * `by-person`: the partition key is the person's id (`profileId`, or `anonymous:<alias>`), all keys are named; the items are
 * exported and deleted. `by-index`: an index finds the items. `by-scan`: the whole table is read, once for everybody who waits.
 * `rewritten`: what is not about the person stays.
 */
export type PersonalTable =
  | { personal: 'by-person'; variable: TableVariable; keys: readonly string[]; holds: string }
  | { personal: 'by-index'; variable: TableVariable; holds: string }
  | { personal: 'by-scan'; variable: TableVariable; keys: readonly string[]; holds: string }
  | { personal: 'rewritten'; variable: TableVariable | 'IDEMPOTENCY_TABLE'; holds: string };

/** Tables, by the name that lib/state.ts gives them. */
export const TABLES = {
  Profiles: { personal: 'by-person', variable: 'PROFILES_TABLE', keys: ['profileId'], holds: 'the profile' },
  Contacts: {
    ...{ personal: 'by-person', variable: 'CONTACTS_TABLE', keys: ['profileId'] },
    holds: 'consents, suppressions and touches as they are now',
  },
  Windows: {
    ...{ personal: 'by-person', variable: 'WINDOWS_TABLE', keys: ['profileId', 'triggerId'] },
    holds: 'what triggers count of the events, by person or anonymous id',
  },
  Memberships: {
    ...{ personal: 'by-person', variable: 'MEMBERSHIPS_TABLE', keys: ['profileId', 'membership'] },
    holds: 'the lists and segments that the person is in, and what is remembered of them for that',
  },
  Leads: {
    ...{ personal: 'by-person', variable: 'LEADS_TABLE', keys: ['profileId', 'modelId'] },
    holds: 'scores, stages and their history, by person or anonymous id',
  },
  Participants: {
    ...{ personal: 'by-person', variable: 'PARTICIPANTS_TABLE', keys: ['profileId', 'journeyId'] },
    holds: 'where the person is in each journey, the event that they entered with, and their last steps',
  },
  Inbox: {
    ...{ personal: 'by-person', variable: 'INBOX_TABLE', keys: ['profileId', 'message'] },
    holds: 'in-app messages until they expire, and when they were read',
  },
  Identities: { personal: 'by-index', variable: 'IDENTITIES_TABLE', holds: 'anonymous ids and aliases' },
  Timers: {
    ...{ personal: 'by-scan', variable: 'TIMERS_TABLE', keys: ['bucket', 'timer'] },
    holds:
      'events whose trigger looks again later, messages that wait for the end of the night or for a receipt, and who waits in a journey until when',
  },
  Devices: {
    ...{ personal: 'by-scan', variable: 'DEVICES_TABLE', keys: ['deviceId'] },
    holds: 'whose a device is, by a hash of its token',
  },
  Ledger: {
    ...{ personal: 'by-scan', variable: 'LEDGER_TABLE', keys: ['run', 'unit'] },
    holds: 'that a message of a trigger was claimed, with the id in its key',
  },
  Audit: {
    ...{ personal: 'rewritten', variable: 'AUDIT_TABLE' },
    holds: 'who changed the person when: entries stay, under the keyed hash and without detail',
  },
  Definitions: {
    ...{ personal: 'rewritten', variable: 'DEFINITIONS_TABLE' },
    holds:
      'in the event catalogue, texts that fewer than three people have sent; in imports and changes of lists, what was refused of a file',
  },
  Idempotency: {
    ...{ personal: 'rewritten', variable: 'IDEMPOTENCY_TABLE' },
    holds: 'answers of calls that make something, for a day: those that name the person go',
  },
  Failures: {
    ...{ personal: 'expires', days: 15 },
    why: 'Why messages failed, by the id of the message: errors in words, which may repeat what they were about.',
  },
  Webhooks: {
    personal: 'none',
    why: 'Secrets of endpoints, and what became of deliveries by the id of a change; what was sent is not kept.',
  },
  Erasures: {
    personal: 'none',
    why: 'Keyed hashes. It holds an id only while that erasure runs, which then removes it.',
  },
} as const satisfies Record<string, PersonalTable | Nothing | Expires>;

/** Lake tables: which columns may hold an id of the person, and which an anonymous id without its prefix. */
export type PersonalLakeTable = { people: readonly PersonalColumn[]; anonymous?: readonly PersonalColumn[] };
type PersonalColumn = 'profile_id' | 'alias';
export const LAKE = {
  events: { people: ['profile_id'] },
  outcomes: { people: ['profile_id'] },
  profiles: { people: ['profile_id'] },
  consents: { people: ['profile_id'] },
  identities: { people: ['profile_id'], anonymous: ['alias'] },
  list_members: { people: ['profile_id'] },
  segment_members: { people: ['profile_id'] },
  lead_stages: { people: ['profile_id'] },
  participant_steps: { people: ['profile_id'] },
} as const satisfies Record<string, PersonalLakeTable>;
export type PersonalLakeName = keyof typeof LAKE;

/** How many stores an export reads: of the tables those with items about the person, and the lake's. */
export const EXPORTED_STORES =
  Object.values(TABLES).filter(({ personal }) => personal.startsWith('by-')).length + 1 + Object.keys(LAKE).length;

/**
 * Folders of the work bucket. `recipients`: files with a line a person, which is
 * blanked, or goes where no line's place counts. `uploads`: files of
 * somebody who imports; all files of an import that is over are deleted when one of them mentions the person. `deleted`: the
 * same, at once.
 */
export const WORK_FOLDERS = {
  'asked/': {
    personal: 'expires',
    days: 2,
    why: 'Ids for queries of a running export or erasure, which deletes them.',
  },
  'athena/': {
    personal: 'expires',
    days: 7,
    why: 'Results of queries: counts, and the ids of samples that previews and pre-flights look at.',
  },
  'erasures/': { personal: 'expires', days: 2, why: 'The worklist of a running pass, which deletes it.' },
  'exports/': { personal: 'deleted', holds: 'documents of exports' },
  'imports/': { personal: 'uploads', holds: 'uploaded files, and rows that were refused' },
  'lists/': { personal: 'uploads', holds: 'uploaded files of ids' },
  'materials/': { personal: 'none', why: 'Pictures that marketers show to everybody.' },
  'models/': { personal: 'recipients', holds: 'what a fit of a model knows of each person' },
  'previews/': { personal: 'deleted', holds: 'answers of previews, with ids of a sample' },
  'refreshes/': {
    personal: 'expires',
    days: 2,
    why: 'What a running refresh of a live segment reads, and whom a journey asks in on schedule; of whoever was erased meanwhile the rows are dropped.',
  },
  'samples/': { personal: 'recipients', holds: 'people of the sample that estimates are made from' },
  'snapshots/': {
    personal: 'recipients',
    holds: 'addresses and attributes of the recipients of campaigns and snapshots, and when they were active',
  },
  'triggers/': { personal: 'none', why: 'What marketers wrote.' },
} as const satisfies Record<
  string,
  Nothing | Expires | { personal: 'deleted' | 'uploads' | 'recipients'; holds: string }
>;

export const LAKE_FOLDERS = {
  'errors/': { personal: 'expires', days: 30, why: 'Rows that Firehose could not write.' },
} as const satisfies Record<string, Expires>;

/** Queues, by the beginning of their logical ids: nothing is searched in them, what comes late is dropped by its receiver. */
export const QUEUES = {
  Intake: { personal: 'expires', days: 14, why: 'Events, which match-events drops.' },
  Send: { personal: 'expires', days: 14, why: 'Messages, which senders drop.' },
  Receipts: {
    personal: 'expires',
    days: 14,
    why: 'What providers say of messages: of whoever was erased record-receipts keeps nothing.',
  },
  JourneysDeadLetters: { personal: 'expires', days: 14, why: 'Minutes, and nothing about people.' },
  Participants: {
    personal: 'expires',
    days: 14,
    why: 'What happened to participants of journeys, which advance-participants drops.',
  },
  StageChanges: { personal: 'expires', days: 14, why: 'Stages of leads, which publish-stages drops.' },
  DeliveryWebhooks: {
    personal: 'expires',
    days: 14,
    why: 'What other systems are told: the attempts end within a day, and what they were told before is theirs.',
  },
  HeldMessagesDeadLetters: { personal: 'expires', days: 14, why: 'Minutes, and nothing about people.' },
  BusDeadLetters: {
    personal: 'expires',
    days: 14,
    why: 'Events of the bus that could not be queued, and what functions were asked for; done again, match-events drops them.',
  },
} as const satisfies Record<string, Expires>;
