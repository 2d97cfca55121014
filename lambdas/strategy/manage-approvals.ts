import type { Role } from '../../core/access/role.ts';
import { routes } from '../../core/access/routes/approvals.ts';
import type { Approvable } from '../../core/strategy/approval/approval.ts';
import { APPROVABLE_KINDS, type ApprovableKind } from '../../core/strategy/approval/approval-settings.ts';
import { comparedHashes } from '../../core/strategy/approval/compared.ts';
import type { Saying } from '../../core/strategy/approval/decisions.ts';
import { delegated, inForce, undelegated } from '../../core/strategy/approval/delegation.ts';
import { settingsSlips } from '../../core/strategy/approval/policy.ts';
import { waitingFor } from '../../core/strategy/approval/waiting.ts';
import { type PreFlight, preFlightId } from '../../core/strategy/pre-flight/pre-flight-id.ts';
import { approvalSettingsOf } from '../adapters/approval-settings.ts';
import { definitions } from '../adapters/definitions.ts';
import { saveDefinition } from '../adapters/outbox.ts';
import { apiHandler } from '../middleware/api.ts';
import { Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { approvalThreads } from './approval-threads.ts';
import { approvalView, campaignView, preFlightView } from './campaign-view.ts';
import { definitionOf } from './change-forced.ts';
import { deciders } from './decide-approvals.ts';
import { delegationStore } from './delegations.ts';
import { env } from './manage-approvals.env.ts';

const environment = readEnv(env);
const { DEFINITIONS_TABLE, AUDIT_TABLE, IDEMPOTENCY_TABLE } = environment;
const defs = definitions(DEFINITIONS_TABLE);
const sinks = {
  auditTable: AUDIT_TABLE,
  participantsQueueUrl: environment.PARTICIPANTS_QUEUE_URL,
  // For the few triggers whose approval is taken back.
  compileSoon: async () => {
    const { wakeSchedules, wakeSoon } = await import('../adapters/schedules.ts');
    await wakeSoon(wakeSchedules(environment), Date.now());
  },
  machines: {
    'release-parked': environment.RELEASE_MACHINE_ARN,
    'approve-plan': environment.APPROVE_MACHINE_ARN,
  },
};
const { decide, revoke } = deciders({ defs, sinks });
const delegations = delegationStore(defs, AUDIT_TABLE);
const threads = approvalThreads(defs);

/** A submission expires after 30 days, so whatever waits was written since. */
const LONGEST_MS = 31 * 86_400_000;

/**
 * Who decides about what, and their decisions. Running a call twice is safe: settings name the version that they change, a
 * decision, a comment or a delegation that was made before changes nothing.
 */
export const handler = apiHandler(
  'strategy/manage-approvals',
  routes,
  {
    getApprovalSettings: async () => {
      const { settings, version } = await approvalSettingsOf(defs);
      return { body: { ...settings, version } };
    },

    putApprovalSettings: async ({ body: { version, ...settings }, actor, nowMs }) => {
      const errors = settingsSlips(settings);
      if (errors[0]) throw new Problem('no-approver', errors[0].message, { errors });
      const { tell } = settings;
      if (tell !== undefined && !(await defs.get('webhook-endpoint', tell))) {
        const message = `There is no webhook endpoint ${tell}`;
        throw new Problem('invalid-reference', message, { errors: [{ path: 'tell', message }] });
      }
      const detail = settings.levels.map(({ name, quorum }) => `${name} (${quorum})`).join(', ');
      const subject = 'settings/approvals';
      const entry = { subject, action: 'change', actor, atMs: nowMs, version: version + 1, detail };
      const outbox = [{ effect: 'audit' as const, entry }];
      const stored = await saveDefinition(defs, 'settings', 'approvals', settings, version, nowMs, outbox, sinks);
      return { body: { ...stored.body, version: stored.version } };
    },

    listApprovals: async ({ query, actor, roles, nowMs }) => {
      const [given, ...found] = await Promise.all([
        delegations.load(),
        ...APPROVABLE_KINDS.map((kind) => inReview(kind, nowMs)),
      ]);
      const items = found.flat().flatMap(({ kind, thing }) => {
        const waiting = waitingFor(thing, { actor, roles }, given, nowMs);
        const isMine = waiting && (waiting.mine || waiting.onBehalfOf.length > 0);
        return waiting && thing.approval && (isMine || query.waiting === 'all')
          ? [{ kind, thing, approval: thing.approval, waiting }]
          : [];
      });
      items.sort((one, other) => one.approval.expiresMs - other.approval.expiresMs);
      const shown = items.map(async ({ kind, thing, approval, waiting }) => {
        const { id, name, version } = thing;
        const [{ length }, found] = await Promise.all([
          threads.comments(kind, id, approval.submission),
          kind === 'campaign' ? defs.get<PreFlight>('pre-flight', preFlightId(thing)) : undefined,
        ]);
        const preFlight = found && { preFlight: preFlightView(found.body) };
        return {
          kind,
          id,
          name,
          version,
          approval: approvalView(approval),
          ...waiting,
          comments: length,
          ...preFlight,
        };
      });
      return { body: { items: await Promise.all(shown) } };
    },

    approveCampaign: async ({ params, body, actor, roles, nowMs }) => {
      const by = await saying(body, actor, roles, nowMs);
      return { body: campaignView(await decide.campaign(params.campaignId, 'approved', by, nowMs)) };
    },

    rejectCampaign: async ({ params, body, actor, roles, nowMs }) => {
      const by = await saying(body, actor, roles, nowMs);
      return { body: campaignView(await decide.campaign(params.campaignId, 'rejected', by, nowMs)) };
    },

    revokeCampaign: async ({ params, body: { reason }, actor, roles, nowMs }) => ({
      body: campaignView(await revoke.campaign(params.campaignId, { actor, roles, reason }, nowMs)),
    }),

    diffCampaign: async ({ params: { campaignId: id }, query }) => ({ body: await diffOf('campaign', id, query) }),

    approveSubmission: async ({ params, body, actor, roles, nowMs }) => {
      const kind = kindOf(params.kind);
      const by = await saying(body, actor, roles, nowMs);
      return { body: thingView(kind, await decide[kind](params.thingId, 'approved', by, nowMs)) };
    },

    rejectSubmission: async ({ params, body, actor, roles, nowMs }) => {
      const kind = kindOf(params.kind);
      const by = await saying(body, actor, roles, nowMs);
      return { body: thingView(kind, await decide[kind](params.thingId, 'rejected', by, nowMs)) };
    },

    revokeApproval: async ({ params, body: { reason }, actor, roles, nowMs }) => {
      const kind = kindOf(params.kind);
      return { body: thingView(kind, await revoke[kind](params.thingId, { actor, roles, reason }, nowMs)) };
    },

    getSubmission: async ({ params: { kind, thingId } }) => ({
      body: thingView(kindOf(kind), await load<Named>(kindOf(kind), thingId)),
    }),

    diffSubmission: async ({ params, query }) => ({ body: await diffOf(kindOf(params.kind), params.thingId, query) }),

    submitSegment: async ({ params, body, actor, nowMs }) => {
      const { submitSegment } = await import('./submit-segment.ts');
      const { approval, ...change } = await submitSegment({ defs, sinks }, params.segmentId, body, actor, nowMs);
      return { body: { ...change, ...(approval && { approval: approvalView(approval) }) } };
    },

    listApprovalComments: async ({ params: { kind, thingId }, query }) => {
      const { approval } = await load(kindOf(kind), thingId);
      const submission = query.submission ?? approval?.submission;
      if (submission === undefined) throw new Problem('not-found', 'It is not submitted');
      return { body: { submission, items: await threads.comments(kind, thingId, submission) } };
    },

    commentOnApproval: async ({ params: { kind, thingId }, body: { text }, actor, nowMs, newId: id }) => {
      const { approval } = await load(kindOf(kind), thingId);
      if (!approval) throw new Problem('state-conflict', 'It is not submitted, so there is nothing to comment on');
      const comment = { id, by: actor, atMs: nowMs, text };
      await threads.say(kind, thingId, approval.submission, comment);
      return { body: comment };
    },

    listDelegations: async ({ nowMs }) => ({ body: { items: inForce(await delegations.load(), nowMs) } }),

    delegateApprovals: async ({ body: { to, until }, actor, roles, nowMs }) => {
      const { settings } = await approvalSettingsOf(defs);
      const wanted = { from: actor, to, untilMs: Date.parse(until), roles: [...roles] };
      const items = await delegations.change(actor, 'delegate', nowMs, (now) =>
        delegated(now, wanted, settings, nowMs),
      );
      return { body: { items } };
    },

    endDelegation: async ({ params: { person }, actor, roles, nowMs }) => {
      await delegations.change(actor, 'end-delegation', nowMs, (now) =>
        undelegated(now, person, { actor, roles }, nowMs),
      );
      return {};
    },
  },
  IDEMPOTENCY_TABLE,
);

type Named = Approvable & { name: string };

const inReview = async (kind: ApprovableKind, nowMs: number): Promise<{ kind: ApprovableKind; thing: Named }[]> => {
  const written = await defs.changedSince<Named>(definitionOf(kind), nowMs - LONGEST_MS, () => false);
  return written.flatMap(({ body }) => (body.state === 'in review' ? [{ kind, thing: body }] : []));
};

const kindOf = (kind: string): ApprovableKind => {
  const found = APPROVABLE_KINDS.find((one) => one === kind);
  if (!found) throw new Problem('not-found', `Nothing of the kind ${kind} is approved`);
  return found;
};

const load = async <T extends Approvable = Approvable>(kind: ApprovableKind, id: string): Promise<T> => {
  const stored = await defs.get<T & { deletedMs?: number }>(definitionOf(kind), id);
  if (!stored || stored.body.deletedMs !== undefined) throw new Problem('not-found', `There is no ${kind} ${id}`);
  return stored.body;
};

/** Who says what, maybe on behalf of somebody. */
const saying = async (
  body: {
    comment?: string | undefined;
    hash?: string | undefined;
    level?: number | undefined;
    onBehalfOf?: string | undefined;
  },
  actor: string,
  roles: readonly Role[],
  nowMs: number,
): Promise<Saying> => {
  const { comment = '', hash, level, onBehalfOf } = body;
  return { ...(await delegations.voter(actor, roles, onBehalfOf, nowMs)), comment, hash, level };
};

const thingView = (kind: ApprovableKind, { id, name, version, state, approval }: Named) => ({
  ...{ kind, id, name, version, state },
  ...(approval && { approval: approvalView(approval) }),
});

const diffOf = async (
  kind: ApprovableKind,
  id: string,
  query: { from?: string | undefined; to?: string | undefined },
) => {
  const hashes = comparedHashes(await load(kind, id), query);
  if (!hashes) throw new Problem('not-found', `There is no such submission of this ${kind}`);
  const { from, to } = hashes;
  const [{ submittedContent }, { changesBetween }] = await Promise.all([
    import('./submitted-content.ts'),
    import('../../core/strategy/approval/diff.ts'),
  ]);
  const contentOf = submittedContent[kind];
  const [before, after] = await Promise.all([from === null ? {} : contentOf(defs, id, from), contentOf(defs, id, to)]);
  return { from, to, changes: changesBetween(before, after) };
};
