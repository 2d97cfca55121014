import type { StageChange } from '../../core/audience/lead.ts';
import type { MembersChange } from '../../core/audience/membership.ts';
import type { ProfileRow } from '../../core/audience/profile.ts';
import type { AcceptedEvent } from '../../core/event/event.ts';
import type { ParticipantsMessage } from '../../core/strategy/journey/participants-message.ts';

/** Who changed what, kept for good. `subject` is `<kind>/<id>`. */
export type AuditEntry = {
  subject: string;
  action: string;
  actor: string;
  atMs: number;
  version: number;
  detail: string;
};

/**
 * What must happen after a write, stored in the written item itself. Publishing any of them twice is harmless: an audit
 * entry and an execution have deterministic names, a task token answers once, a lake row is deduplicated by its version,
 * an event by its id, and of statements about a member the newest counts.
 */
export type OutboxEntry =
  | { effect: 'audit'; entry: AuditEntry }
  | {
      effect: 'start-execution';
      machine:
        | 'approve-plan'
        | 'run-campaign'
        | 'repeat-campaign'
        | 'release-parked'
        | 'import-profiles'
        | 'change-list'
        | 'fit-model'
        | 'export-person'
        | 'refresh-segment';
      name: string;
      input: object;
    }
  | { effect: 'task-success'; taskToken: string; output: object }
  | { effect: 'profile-row'; row: ProfileRow }
  | { effect: 'list-members'; change: MembersChange }
  /** Goes into the intake queue, like those of apps. */
  | { effect: 'own-event'; event: AcceptedEvent }
  /** The set of triggers in force has changed: compile-triggers is told. */
  | { effect: 'compile-triggers' }
  /** A person's lead has moved to another stage: publish-stages tells those who want to know. */
  | { effect: 'stage-change'; change: StageChange }
  /** Goes into the queue of participants: those inside a journey are looked at, or members of a segment enter it. */
  | { effect: 'participants'; message: ParticipantsMessage };
