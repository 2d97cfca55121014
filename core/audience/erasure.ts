import { anonymousProfileId } from '../event/identity.ts';

/** Why somebody is erased: the cases of the GDPR's article 17, as a closed list, so that no reason names a person. */
export const ERASURE_REASONS = [
  'person-asked',
  'consent-withdrawn',
  'no-longer-needed',
  'objection',
  'unlawful',
  'legal-obligation',
  'child',
] as const;
export type ErasureReason = (typeof ERASURE_REASONS)[number];

/**
 * What remains of somebody who was erased. `id` is the keyed hash of the profile id (see hashOf). While the state is
 * `running`, a PendingPerson beside it says whom it is about; nothing else does.
 */
export type Erasure = {
  id: string;
  reason: ErasureReason;
  /** Who asked Herald for it. */
  actor: string;
  requestedMs: number;
  state: 'running' | 'finished';
  /** When the person was last removed from the tables. Absent: not yet. */
  tablesMs?: number;
  /** How many passes over the files the erasure took part in. The last one found nothing. */
  passes: number;
  finishedMs?: number;
};

/** Whom a running erasure is about; forgotten when it is finished. */
export type PendingPerson = {
  /** Of the Erasure. */
  id: string;
  profileId: string;
  /** Every other id that was found so far. */
  aliases: string[];
  /** Email, phone, WeChat open id and push tokens that the profile had. */
  addresses: string[];
  requestedMs: number;
  /** When the person was removed from the tables after every worker had learned of the erasure. */
  settledMs?: number;
};

/** Every id under which a table or file may hold the person. */
export const idsOf = ({ profileId, aliases }: Pick<PendingPerson, 'profileId' | 'aliases'>): string[] => [
  profileId,
  ...aliases.map(anonymousProfileId),
];

/** With what was found now. The same person when nothing is new. */
export const withFound = (person: PendingPerson, aliases: readonly string[], addresses: readonly string[]) => ({
  ...person,
  aliases: [...new Set([...person.aliases, ...aliases])],
  addresses: [...new Set([...person.addresses, ...addresses])],
});

/**
 * For so long after the last pass nothing brings an erased person back: events and messages under way are dropped, and
 * imports and calls that would make the person anew are refused. Queues keep messages for 14 days, and a redrive may give
 * them 14 more. Afterwards whoever uses the id is a new person.
 */
export const REMEMBERED_MS = 30 * 86_400_000;

/** A worker hears of an erasure within this time: it looks so often whether there are new ones. */
export const FRESH_MS = 30_000;
/** When it cannot look, what it knows is good enough for this long; then it does nothing before it can. */
export const STALE_MS = 300_000;
/**
 * After this time no worker goes on that has not heard of an erasure: STALE_MS, and the 15 minutes that a Lambda may run.
 * What such a worker wrote is removed then.
 */
export const SETTLED_MS = 1_200_000;
