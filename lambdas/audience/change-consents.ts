import { profileChanged } from '../../core/audience/live/membership-change.ts';
import type { Consents } from '../../core/delivery/consent.ts';
import { consentRows } from '../../core/delivery/consent.ts';
import { putAudit } from '../adapters/audit.ts';
import type { Contacts } from '../adapters/contacts.ts';

export type ConsentPorts = {
  contacts: Pick<Contacts, 'setConsents'>;
  auditTable: string;
  consentsStream: string;
  intakeQueueUrl: string;
};
/** `actor`: who says so for the person, or `person` themselves. */
export type Statement = { profileId: string; consents: Consents; actor: string; nowMs: number };

/**
 * Records what a person said: in the audit log, the contact state, the lake, and as an event. Running it twice is safe: it says
 * the same again. The entry goes first: a consent that nobody can account for is worse than an entry without its effect, which the
 * caller, having got an error, will repeat. The contact state goes next, for a no acts even
 * when the lake cannot be reached.
 */
export const changeConsents = async (
  { contacts, auditTable, consentsStream, intakeQueueUrl }: ConsentPorts,
  { profileId, consents, actor, nowMs }: Statement,
): Promise<void> => {
  const detail = Object.entries(consents).map(([key, given]) => `${key}: ${given ? 'yes' : 'no'}`);
  const entry = { subject: `profile/${profileId}`, action: 'consent', actor, atMs: nowMs, version: 0 };
  await putAudit(auditTable, { ...entry, detail: detail.join(', ').slice(0, 1_000) });
  await contacts.setConsents(profileId, { ...consents });
  // Loaded when somebody says something: most calls only read.
  const { appendRows } = await import('../adapters/lake.ts');
  await appendRows(consentsStream, consentRows(profileId, consents, { imported: false, atMs: nowMs }));
  const changed = Object.keys(consents).map((key) => `consents.${key}`);
  const { sendOwnEvents } = await import('../adapters/own-events.ts');
  await sendOwnEvents(intakeQueueUrl, [profileChanged(profileId, nowMs, { changed })]);
};
