import type { ChannelSender, Outgoing, ProviderFault, SendResult } from '../../core/delivery/sender.ts';
import { oneByOne } from './one-by-one.ts';
import { postOnce } from './provider-call.ts';
import { resultOfError } from './send-error.ts';

/** The API takes one message a call; so many are under way at once. */
const CHUNK = 25;
/** A token is renewed so long before it ends. */
const MARGIN_MS = 300_000;

/** What an official account is (without `appId` there is none, and each message is refused), and where its API: WeChat's, or a proxy whose address the account has allowed. */
export type WechatAccount = { appId?: string; secret(): Promise<string>; endpoint: string };

type Token = { text: string; untilMs: number };
type Answer = { errcode?: number; errmsg?: string; msgid?: string; access_token?: string; expires_in?: number };

/** The token is not, or no longer, the account's. */
const BAD_TOKEN = new Set([40001, 40014, 42001]);
/** Its follower, no more: who does not follow the account, has left it, or is blocked by it, gets nothing. */
const NOT_REACHED = new Set([40003, 43004, 43019, 46004]);
/** Of the account, its credentials, or the address that calls: an operator mends it. */
const ACCOUNT = new Set([40013, 40125, 40164, 48001, 48004, 50001, 61024]);
/** Of the account's limits, or of WeChat: time mends it. */
const BUSY = new Set([-1, 45009, 45011]);
const LATER = new Set([...BUSY, ...BAD_TOKEN, 43002, 50002]);

/**
 * Template messages of a WeChat official account, over HTTPS. The access token comes from `stable_token`, which gives everybody
 * the same one while it is valid: workers share it without a store of their own. One that is refused is asked for again, and
 * only when it has not changed is a new one forced, of which WeChat gives 20 a day. https://developers.weixin.qq.com/doc/offiaccount/
 */
export const wechatChannel = ({ appId, secret, endpoint }: WechatAccount): ChannelSender<'wechat'> => {
  const post = async (path: string, body: object): Promise<Answer> =>
    (await postOnce(
      (signal) =>
        fetch(endpoint + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal,
        }),
      exactIds,
    )) as Answer;

  let held: Promise<Token> | undefined;
  /** Everybody who waits shares one call; one that failed is not kept. */
  const hold = (asked: Promise<Token>): Promise<Token> => {
    held = asked;
    asked.catch(() => {
      if (held === asked) held = undefined;
    });
    return asked;
  };
  const fetchToken = async (force: boolean): Promise<Token> => {
    const own = await secret().catch((error) => {
      throw new TokenRefused(String(error), 'down');
    });
    const credentials = { grant_type: 'client_credential', appid: appId, secret: own };
    const answer = await post('/cgi-bin/stable_token', { ...credentials, force_refresh: force }).catch((error) => {
      const result = resultOfError(error);
      throw new TokenRefused(String(error), 'fault' in result ? result.fault : undefined);
    });
    if (!answer.access_token) {
      // Whoever gets no token sends nothing to anybody.
      throw new TokenRefused(
        `${answer.errcode} ${answer.errmsg}`,
        BUSY.has(answer.errcode ?? 0) ? undefined : 'account',
      );
    }
    return { text: answer.access_token, untilMs: Date.now() + (answer.expires_in ?? 0) * 1_000 - MARGIN_MS };
  };
  /** The token that is held, if it is of use; else the first to see that asks for another one, and the others wait with it. */
  const token = async (isOfUse: (known: Token) => boolean, renew: () => Promise<Token>): Promise<string> => {
    const asked = held ?? hold(fetchToken(false));
    const known = await asked;
    if (isOfUse(known)) return known.text;
    return (await (held === undefined || held === asked ? hold(renew()) : held)).text;
  };
  const current = () =>
    token(
      ({ untilMs }) => untilMs > Date.now(),
      () => fetchToken(false),
    );
  const instead = (refused: string) =>
    token(
      ({ text }) => text !== refused,
      async () => {
        const stable = await fetchToken(false);
        return stable.text === refused ? fetchToken(true) : stable;
      },
    );

  const sendWith = (text: string, { id, address, content }: Outgoing<'wechat'>): Promise<Answer> =>
    post(`/cgi-bin/message/template/send?access_token=${encodeURIComponent(text)}`, {
      touser: address,
      template_id: content.templateId,
      ...(content.url && { url: content.url }),
      data: Object.fromEntries(Object.entries(content.data).map(([name, value]) => [name, { value }])),
      // WeChat drops a message of the same name within ten minutes.
      client_msg_id: id,
    });

  const sendOne = async (message: Outgoing<'wechat'>): Promise<SendResult> => {
    if (appId === undefined) return { status: 'refused', reason: 'provider-refused' };
    try {
      const first = await current();
      const answer = await sendWith(first, message);
      return resultOf(BAD_TOKEN.has(answer.errcode ?? 0) ? await sendWith(await instead(first), message) : answer);
    } catch (error) {
      return error instanceof TokenRefused ? later(error.message, error.fault) : resultOfError(error);
    }
  };

  return oneByOne('wechat', CHUNK, sendOne);
};

/** There is no token, so nothing was sent. */
class TokenRefused extends Error {
  override name = 'TokenRefused';
  readonly fault: ProviderFault | undefined;
  constructor(message: string, fault: ProviderFault | undefined) {
    super(message);
    this.fault = fault;
  }
}

const later = (reason: string, fault?: ProviderFault): SendResult => ({
  status: 'retry',
  reason,
  ...(fault && { fault }),
});

/** Ids of messages have 19 digits, of which a number of JavaScript keeps 15. */
const exactIds = (text: string): string => text.replace(/"msgid"\s*:\s*(\d+)/, '"msgid":"$1"');

const resultOf = ({ errcode, errmsg = '', msgid = '' }: Answer): SendResult => {
  if (errcode === 0) return { status: 'sent', messageId: msgid };
  if (errcode === undefined) return { status: 'unknown', reason: 'no errcode' };
  if (NOT_REACHED.has(errcode)) return { status: 'refused', reason: 'address-refused' };
  const why = `${errcode} ${errmsg}`;
  if (ACCOUNT.has(errcode)) return later(why, 'account');
  if (LATER.has(errcode)) return later(why);
  return { status: 'refused', reason: 'provider-refused' };
};
