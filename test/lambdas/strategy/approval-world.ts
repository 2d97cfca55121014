import type { Role } from '../../../core/access/role.ts';
import type { Approval } from '../../../core/strategy/approval/approval.ts';
import type { Campaign } from '../../../core/strategy/campaign.ts';
import { type Call, call } from '../api-call.ts';
import { startTables } from '../tables.ts';

export const somebody = (sub: string, ...groups: Role[]) => ({ sub, groups });
export const mia = somebody('mia', 'marketer');
export const oscar = somebody('oscar', 'operator');
export const abe = somebody('abe', 'approver');
export const ada = somebody('ada', 'approver');
export const lea = somebody('lea', 'viewer');

export type Reply = Omit<Campaign, 'state'> & {
  state: string;
  type?: string;
  detail?: string;
  items: { id: string; mine: boolean; onBehalfOf: string[]; missing: number; comments: number; approval: Approval }[];
};
export const input = {
  name: 'Offer',
  audience: { segmentId: 'seg' },
  templateId: 'tpl',
  channelPolicy: ['sms'],
  topic: 'offers',
};

/** The handlers of campaigns and approvals with their tables, a segment, a template that tia wrote, and a webhook endpoint. */
export const approvalWorld = async () => {
  const tables = await startTables();
  Object.assign(process.env, {
    // Scheduler and SQS are the same stand-in.
    AWS_ENDPOINT_URL: process.env.AWS_ENDPOINT_URL_SFN,
    ...{ PARTICIPANTS_TABLE: 'profiles', ERASURES_TABLE: 'definitions', ERASURE_KEY_ARN: 'arn:key' },
  });
  const defs = (await import('../../../lambdas/adapters/definitions.ts')).definitions('definitions');
  const campaigns = (await import('../../../lambdas/strategy/manage-campaigns.ts')).handler;
  const approvals = (await import('../../../lambdas/strategy/manage-approvals.ts')).handler;
  const request = (await import('../../../lambdas/strategy/request-approval.ts')).handler;
  const settle = (await import('../../../lambdas/strategy/settle-approval.ts')).handler;
  await defs.put('segment', 'seg', { name: 'Paris', segment: { all: [{ attribute: 'city', equals: 'Paris' }] } }, 0, 1);
  const channels = { sms: { text: 'Hi' } };
  await defs.put('template', 'tpl', { id: 'tpl', version: 1, editors: ['tia'], name: 'Hello', channels }, 0, 1);
  await defs.put('webhook-endpoint', 'hook', { id: 'hook', version: 1 }, 0, 1);

  const ask = async (it: Call) => {
    const reply = await call(approvals, it);
    return { ...reply, body: reply.body as Reply };
  };
  const type = async (reply: ReturnType<typeof ask>) => {
    const { status, body } = await reply;
    return body?.type?.replace('/problems/', '') ?? status;
  };
  const putSettings = async (settings: object, as = oscar) => {
    const { body } = await ask({ route: 'GET /v1/settings/approvals', as });
    return ask({ route: 'PUT /v1/settings/approvals', body: { version: body.version, ...settings }, as });
  };
  const at = (id: string, verb: string, body: object, as: Call['as']) =>
    ask({ route: `POST /v1/campaigns/{campaignId}/${verb}`, params: { campaignId: id }, body, as: as! });
  const open = async (id: string) => {
    const { approval } = (await defs.get<Campaign>('campaign', id))!.body;
    const { hash, submission, level } = approval!;
    await request({ kind: 'campaign', id, hash, submission, level, taskToken: `token-${id}-${level}` });
  };
  const submit = async (change: object = {}) => {
    const made = await call(campaigns, { route: 'POST /v1/campaigns', body: { ...input, ...change }, as: mia });
    const { id, version } = made.body as Campaign;
    const params = { campaignId: id };
    const it = { route: 'POST /v1/campaigns/{campaignId}/submit', params, body: { version }, as: mia };
    const { status, body } = await call(campaigns, it);
    return { id, status, body: body as Reply };
  };
  const submitted = async (change: object = {}) => {
    const { id } = await submit(change);
    await open(id);
    return id;
  };
  const waiting = async (as: Call['as'], query: Record<string, string> = {}) =>
    (await ask({ route: 'GET /v1/approvals', query, as: as! })).body.items;
  const answered = () =>
    tables.asked.filter(({ action }) => action === 'SendTaskSuccess').map(({ input }) => input.taskToken);
  const told = () =>
    tables.asked
      .filter(({ action, input }) => action === 'SendMessageBatch' && String(input.QueueUrl).endsWith('webhooks'))
      .flatMap(({ input }) =>
        (input.Entries as { MessageBody: string }[]).map(({ MessageBody }) => JSON.parse(MessageBody)),
      );

  return {
    tables,
    defs,
    campaigns,
    request,
    settle,
    ask,
    type,
    putSettings,
    at,
    open,
    submit,
    submitted,
    waiting,
    answered,
    told,
  };
};
export type ApprovalWorld = Awaited<ReturnType<typeof approvalWorld>>;

export type ForcedKind = 'journey' | 'trigger';
/** The same with the handlers of what is put in force by its approval, journeys and triggers: `askOf` asks them, as mia if nobody is named. */
export const forcedWorld = async () => {
  const world = await approvalWorld();
  const { handler: journey } = await import('../../../lambdas/strategy/manage-journeys.ts');
  const handlers = { journey, trigger: (await import('../../../lambdas/intake/manage-triggers.ts')).handler };
  const askOf = (kind: ForcedKind, verb: string, id = '', body?: object, as: Call['as'] = mia) => {
    const [method, rest = ''] = verb.split(' ');
    const route = `${method} /v1/${kind}s${id && `/{${kind}Id}`}${rest}`;
    return call(handlers[kind], { route, ...(id && { params: { [`${kind}Id`]: id } }), body, as });
  };
  return { ...world, askOf };
};
export type ForcedWorld = Awaited<ReturnType<typeof forcedWorld>>;
