import { stepRow } from '../../core/strategy/journey/step-row.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import type { sharesInForce } from '../adapters/journey-experiments.ts';
import { journeys } from '../adapters/journeys.ts';
import { appendRows } from '../adapters/lake.ts';
import { memberships } from '../adapters/memberships.ts';
import { participantTimers } from '../adapters/participant-timers.ts';
import { participants } from '../adapters/participants.ts';
import { plans } from '../adapters/plans.ts';
import { profiles } from '../adapters/profiles.ts';
import { sendEach } from '../adapters/queues.ts';
import { references } from '../adapters/references.ts';
import { wakeSchedules } from '../adapters/schedules.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { throttles } from '../adapters/throttles.ts';
import { type EffectPorts, publishEffects } from './publish-effects.ts';
import type { WalkPorts } from './walk-participants.ts';
import type { walkPortsEnv } from './walk-ports.env.ts';

/** What moving participants on touches, as it is on AWS. `followers`: what follows those who are traced. */
export const walkPorts = (
  environment: Record<keyof typeof walkPortsEnv, string>,
  followers: Pick<EffectPorts, 'follow' | 'wake'>,
): WalkPorts => {
  const people = profiles(environment.PROFILES_TABLE);
  /** Loaded by the first experiment. */
  let shares: Promise<ReturnType<typeof sharesInForce>> | undefined;
  const loadShares = async () =>
    (await import('../adapters/journey-experiments.ts')).sharesInForce(definitions(environment.DEFINITIONS_TABLE));
  const { take } = throttles(environment.LEDGER_TABLE);
  const { planOf, settings, holdout } = plans(environment.DEFINITIONS_TABLE);
  const { journeyOf, versionOf } = journeys(definitions(environment.DEFINITIONS_TABLE));
  const sinks = {
    auditTable: environment.AUDIT_TABLE,
    profilesStream: environment.PROFILES_STREAM,
    intakeQueueUrl: environment.INTAKE_QUEUE_URL,
  };
  const effects: EffectPorts = {
    ...followers,
    versionOf,
    planOf: (id, hash) => planOf({ kind: 'journey', id, hash }),
    // Loaded by the first journey that changes profiles: with their schemas they are 40 KB.
    change: async (profileId, attributes, journeyId) => {
      const { changeAttributes } = await import('./change-attributes.ts');
      await changeAttributes({ profiles: people, sinks }, profileId, attributes, journeyId, Date.now());
    },
    enqueue: async (channel, lane, messages) => {
      const outgoing = new Map(messages.map((message) => [{ body: message, group: message.plan.id }, message]));
      const refused = await sendEach(sendQueueUrl(environment, channel, lane), [...outgoing.keys()]);
      return new Map(
        [...outgoing].flatMap(([one, message]) => (refused.has(one) ? [[message, refused.get(one)]] : [])),
      );
    },
  };
  return {
    now: () => Date.now(),
    participants: participants(environment.PARTICIPANTS_TABLE),
    journeyOf,
    versionOf,
    facts: {
      profiles: people,
      contacts: contacts(environment.CONTACTS_TABLE),
      references: references(environment.DEFINITIONS_TABLE),
      memberships: memberships(environment.MEMBERSHIPS_TABLE),
      settings: async () => {
        const [{ fallbackTimeZone }, globalHoldout] = await Promise.all([settings(), holdout()]);
        return { ...(fallbackTimeZone && { fallbackTimeZone }), globalHoldout };
      },
      shares: async (version, nodes) => {
        shares ??= loadShares();
        return (await shares)(version, nodes);
      },
    },
    holds: participantTimers(environment.TIMERS_TABLE, wakeSchedules(environment), () => Date.now()),
    takeSlots: (journeyId, node, perMinute, turns) => take(journeyId, node, perMinute, turns, Date.now()),
    publish: (all) => publishEffects(effects, all),
    append: (all) =>
      appendRows(
        environment.PARTICIPANT_STEPS_STREAM,
        all.flatMap(({ key, steps }) => steps.map((step) => stepRow(key, step))),
      ),
  };
};
