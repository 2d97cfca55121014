import { routes } from '../../core/access/routes/links.ts';
import { linkReceipt } from '../../core/delivery/links/link-receipt.ts';
import { DEFAULT_LINK_SETTINGS } from '../../core/delivery/links/link-settings.ts';
import type { LinkClaim } from '../../core/delivery/links/link-token.ts';
import { PAGE_HEADERS, PRIVATE_HEADERS } from '../../core/delivery/links/page-html.ts';
import { pageLocale } from '../../core/delivery/links/page-locale.ts';
import { personPages } from '../../core/delivery/links/person-pages.ts';
import { messageEvent } from '../../core/delivery/message-event.ts';
import { decodeRef } from '../../core/delivery/receipt-ref.ts';
import { receiptRow } from '../../core/delivery/receipt-rows.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { appendRows } from '../adapters/lake.ts';
import { ledger } from '../adapters/ledger.ts';
import { linkKeys } from '../adapters/link-keys.ts';
import { sendOwnEvents } from '../adapters/own-events.ts';
import { type ApiRequest, type ApiResponse, apiHandler } from '../middleware/api.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './follow-links.env.ts';

const { LINK_KEY_ARN, OUTCOMES_STREAM, LEDGER_TABLE, INTAKE_QUEUE_URL, ERASURES_TABLE, ERASURE_KEY_ARN } = readEnv(env);
const links = linkKeys(LINK_KEY_ARN);
const records = ledger(LEDGER_TABLE);
const erased = erasedPeople(ERASURES_TABLE, ERASURE_KEY_ARN);

type Asked = Pick<ApiRequest, 'headers' | 'nowMs'> & { params: { token: string } };
type Method = 'GET' | 'HEAD';

/** One transparent pixel. */
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/**
 * Appends what was heard to the outcomes, tells of it as an event, and notes it in the ledger where the person's next message depends on
 * it. Nobody is to wait for a page because this fails, so it never throws.
 */
const note = async (claim: Exclude<LinkClaim, { kind: 'person' }>, { headers, nowMs }: Asked, method: Method) => {
  try {
    const heard = linkReceipt(claim, { method, userAgent: headers['user-agent'] ?? '', atMs: nowMs });
    const ref = heard && decodeRef(heard.receipt.ref);
    if (!heard || !ref || (await erased())(ref.profileId)) return;
    await appendRows(OUTCOMES_STREAM, [receiptRow(heard.receipt, ref)]);
    const event = messageEvent(heard.receipt, ref);
    if (event) await sendOwnEvents(INTAKE_QUEUE_URL, [event]);
    if (!ref.waits) return;
    const { run, unit, index } = ref;
    // A machine has the message, so it has arrived; whether somebody reads it is to be seen.
    const [delivered, opened] = [new Set([index]), new Set(heard.machine ? [] : [index])];
    await records.noteHeard({ run, unit }, { delivered, opened }, nowMs);
  } catch (error) {
    console.error({ message: 'A click or an open is not recorded', kind: claim.kind, error: String(error) });
  }
};

const follow = async (asked: Asked, method: Method): Promise<ApiResponse> => {
  const claim = await links.open(asked.params.token);
  if (claim?.kind !== 'click') {
    const locale = pageLocale(undefined, asked.headers['accept-language']);
    const content = personPages(locale, DEFAULT_LINK_SETTINGS).broken();
    return { document: { type: 'text/html; charset=utf-8', content, status: 404 }, headers: PAGE_HEADERS };
  }
  await note(claim, asked, method);
  return { headers: { ...PRIVATE_HEADERS, location: claim.target } };
};

/**
 * Where links of messages lead, and the image that tells of opens. Running it twice is safe: an outcome's id is made of the
 * message and what was heard, so the same heard again counts once.
 */
export const handler = apiHandler('delivery/follow-links', routes, {
  followLink: (request) => follow(request, 'GET'),
  checkLink: (request) => follow(request, 'HEAD'),

  noticeOpen: async (request) => {
    const claim = await links.open(request.params.token);
    if (claim?.kind === 'open') await note(claim, request, 'GET');
    return { document: { type: 'image/gif', content: PIXEL }, headers: PRIVATE_HEADERS };
  },
});
