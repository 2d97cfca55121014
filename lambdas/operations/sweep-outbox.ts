import { listMembers } from '../adapters/list-members.ts';
import { publishOutbox } from '../adapters/outbox.ts';
import { pendingItems } from '../adapters/pending.ts';
import { wakeSchedules, wakeSoon } from '../adapters/schedules.ts';
import { clearPending } from '../adapters/versioned.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './sweep-outbox.env.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, PROFILES_TABLE, LEADS_TABLE } = environment;
const compileAt = wakeSchedules(environment);
const sinks = {
  auditTable: environment.AUDIT_TABLE,
  profilesStream: environment.PROFILES_STREAM,
  changeMembers: listMembers({ table: environment.MEMBERSHIPS_TABLE, stream: environment.LIST_MEMBERS_STREAM }),
  stagesQueueUrl: environment.STAGES_QUEUE_URL,
  participantsQueueUrl: environment.PARTICIPANTS_QUEUE_URL,
  intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  compileSoon: () => wakeSoon(compileAt, Date.now()),
  machines: {
    'approve-plan': environment.APPROVE_MACHINE_ARN,
    'run-campaign': environment.RUN_MACHINE_ARN,
    'repeat-campaign': environment.REPEAT_MACHINE_ARN,
    'release-parked': environment.RELEASE_MACHINE_ARN,
    'import-profiles': environment.IMPORT_MACHINE_ARN,
    'change-list': environment.CHANGE_LIST_MACHINE_ARN,
    'fit-model': environment.FIT_MACHINE_ARN,
    'export-person': environment.EXPORT_MACHINE_ARN,
    'refresh-segment': environment.REFRESH_MACHINE_ARN,
  },
};

/** A write publishes its outbox within a second; what is a minute old has lost its writer. */
const OLD_MS = 60_000;
/** Per table and run, at about 20 ms each: two seconds. The rest waits for the next run, the oldest first. */
const LIMIT = 100;

/**
 * Publishes what a crash left in an outbox. Running it twice, or beside the writer, is safe: every effect is harmless when
 * repeated, and only the version that was read is cleared. Throws when something could not be published, so that the
 * operator hears of it; the others are published all the same.
 */
export const handler = async (): Promise<{ published: number }> => {
  const before = Date.now() - OLD_MS;
  const [definitions, profiles, leads] = await Promise.all([
    pendingItems(DEFINITIONS_TABLE, ['kind', 'id'], before, LIMIT),
    pendingItems(PROFILES_TABLE, ['profileId'], before, LIMIT),
    pendingItems(LEADS_TABLE, ['profileId', 'modelId'], before, LIMIT),
  ]);
  const work = [
    ...definitions.map((item) => ({ table: DEFINITIONS_TABLE, item })),
    ...profiles.map((item) => ({ table: PROFILES_TABLE, item })),
    ...leads.map((item) => ({ table: LEADS_TABLE, item })),
  ];
  const failed: string[] = [];
  for (const { table, item } of work) {
    try {
      await publishOutbox(item.outbox, sinks);
      await clearPending(table, item.key, item.version);
    } catch (error) {
      // A profile is not named: logs outlive the erasure of a person.
      const what = table === PROFILES_TABLE ? `a profile at version ${item.version}` : JSON.stringify(item.key);
      console.error({ message: 'An outbox cannot be published', what, error: String(error) });
      failed.push(what);
    }
  }
  if (failed.length > 0)
    throw new Error(`${failed.length} outboxes cannot be published: ${failed.slice(0, 10).join(', ')}`);
  return { published: work.length };
};
