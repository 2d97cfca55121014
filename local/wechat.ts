import { randomBytes } from 'node:crypto';
import { inbox } from './inbox.ts';
import { simulatedAddresses } from './simulated-addresses.ts';
import type { Context, ServiceRequest, ServiceResponse } from './types.ts';

const TOKEN_SECONDS = 7_200;
/** WeChat keeps names of messages for ten minutes. */
const REPEAT_MS = 600_000;

const ERRORS: Record<number, string> = {
  40001: 'invalid credential, access_token is invalid or not latest',
  40003: 'invalid openid',
  40037: 'invalid template_id',
  40125: 'invalid appsecret',
  41001: 'access_token missing',
  42001: 'access_token expired',
  43004: 'require subscribe',
  45009: 'reach max api daily quota limit',
  47003: 'argument invalid!',
};
const error = (errcode: number): ServiceResponse => ({ body: { errcode, errmsg: ERRORS[errcode] } });

type TokenRequest = { grant_type?: string; appid?: string; secret?: string; force_refresh?: boolean };
type Template = {
  touser?: string;
  template_id?: string;
  url?: string;
  data?: Record<string, { value?: string }>;
  client_msg_id?: string;
};

/**
 * The part of WeChat's API for official accounts that sends template messages: `stable_token` gives everybody the same token
 * while it is valid, answers are HTTP 200 with an errcode. What is accepted is in the inbox.
 */
export const wechat = (ctx: Context): ((request: ServiceRequest) => Promise<ServiceResponse>) => {
  const messages = inbox(ctx);
  const simulate = simulatedAddresses('wechat');
  const secret = () =>
    ctx.store.prepare("SELECT value FROM secrets WHERE arn LIKE '%WechatSecret%'").get()?.value as string | undefined;
  const named = new Map<string, { msgid: number; atMs: number }>();
  let held = { token: '', untilMs: 0 };
  let last = 1_755_667_970_000_000;

  const stableToken = ({ grant_type, secret: given, force_refresh }: TokenRequest): ServiceResponse => {
    if (grant_type !== 'client_credential' || given === undefined || given !== secret()) return error(40125);
    const nowMs = ctx.clock.now();
    if (force_refresh || held.untilMs <= nowMs) {
      held = { token: randomBytes(64).toString('base64url'), untilMs: nowMs + TOKEN_SECONDS * 1_000 };
    }
    return { body: { access_token: held.token, expires_in: Math.floor((held.untilMs - nowMs) / 1_000) } };
  };

  const send = (token: string | null, { touser = '', template_id, url = '', data, client_msg_id }: Template) => {
    const nowMs = ctx.clock.now();
    if (!token) return error(41001);
    if (token !== held.token) return error(40001);
    if (held.untilMs <= nowMs) return error(42001);
    const behaviour = simulate(touser);
    if (touser === '' || behaviour === 'invalid') return error(40003);
    if (!template_id) return error(40037);
    if (behaviour === 'opted-out') return error(43004);
    if (behaviour === 'throttled') return error(45009);
    const values = Object.entries(data ?? {}).map(([name, { value }]) => [name, value] as const);
    if (values.some(([, value]) => typeof value !== 'string' || value === '')) return error(47003);
    const name = `${touser} ${client_msg_id}`;
    const known = client_msg_id === undefined ? undefined : named.get(name);
    const isRepeat = known !== undefined && nowMs - known.atMs < REPEAT_MS;
    const msgid = isRepeat ? known.msgid : ++last;
    if (!isRepeat) {
      named.set(name, { msgid, atMs: nowMs });
      ctx.meter.count('channel-wechat', 1, 'wechat:template/send');
      const body = [...values.map(([key, value]) => `${key}: ${value}`), url].filter(Boolean).join('\n');
      messages.add({ channel: 'wechat', to: touser, title: template_id, body });
    }
    // Nineteen digits, as WeChat's own: more than a number of JavaScript keeps.
    return { body: Buffer.from(`{"errcode":0,"errmsg":"ok","msgid":${msgid}123}`) };
  };

  return async ({ method, path, query, body }) => {
    const request: unknown = method === 'POST' ? JSON.parse((await body()).toString() || '{}') : undefined;
    if (path === '/cgi-bin/stable_token' && request) return stableToken(request as TokenRequest);
    if (path === '/cgi-bin/message/template/send' && request)
      return send(query.get('access_token'), request as Template);
    return { status: 404, body: { message: 'Not Found' } };
  };
};
