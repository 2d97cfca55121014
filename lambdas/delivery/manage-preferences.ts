import { routes } from '../../core/access/routes/links.ts';
import type { Consents } from '../../core/delivery/consent.ts';
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from '../../core/delivery/links/link-settings.ts';
import { LINK_PATHS } from '../../core/delivery/links/message-links.ts';
import { PAGE_HEADERS } from '../../core/delivery/links/page-html.ts';
import { pageLocale } from '../../core/delivery/links/page-locale.ts';
import { personPages } from '../../core/delivery/links/person-pages.ts';
import { choicesOf, chosen, nothingAnyMore, unsubscribed } from '../../core/delivery/links/preference-choices.ts';
import { contacts } from '../adapters/contacts.ts';
import { definitions } from '../adapters/definitions.ts';
import { erasedPeople } from '../adapters/erased-people.ts';
import { linkKeys } from '../adapters/link-keys.ts';
import { profileOf } from '../adapters/recipients.ts';
import { changeConsents } from '../audience/change-consents.ts';
import { type ApiRequest, type ApiResponse, apiHandler } from '../middleware/api.ts';
import { readEnv } from '../middleware/read-env.ts';
import { env } from './manage-preferences.env.ts';

const environment = readEnv(env);
const links = linkKeys(environment.LINK_KEY_ARN);
const defs = definitions(environment.DEFINITIONS_TABLE);
const contactStates = contacts(environment.CONTACTS_TABLE);
const erased = erasedPeople(environment.ERASURES_TABLE, environment.ERASURE_KEY_ARN);
const ports = {
  contacts: contactStates,
  auditTable: environment.AUDIT_TABLE,
  consentsStream: environment.CONSENTS_STREAM,
  intakeQueueUrl: environment.INTAKE_QUEUE_URL,
};

/** Who is said to have changed something here: the person themselves, for nobody else has their link. */
const ACTOR = 'person';

type Asked = Pick<ApiRequest, 'headers' | 'nowMs'> & { params: { token: string } };

/** The person of a token, with all that a page says of them; or the page for somebody who is nobody's here. */
const visitOf = async ({ params: { token }, headers, nowMs }: Asked) => {
  const [claim, stored] = await Promise.all([links.open(token), defs.get<LinkSettings>('settings', 'links')]);
  const settings = stored?.body ?? DEFAULT_LINK_SETTINGS;
  const accepted = headers['accept-language'];
  const strangers = personPages(pageLocale(undefined, accepted), settings);
  if (claim?.kind !== 'person') return { refusal: page(strangers.broken(), 404) };
  const { profileId } = claim;
  if ((await erased())(profileId)) return { refusal: page(strangers.erased(), 410) };
  const [contact, profile] = await Promise.all([
    contactStates.get(profileId),
    profileOf(environment.PROFILES_TABLE, profileId),
  ]);
  // Nothing is held of them: erased long ago, or never known. A statement would bring them back.
  if (!profile && contact.version === 0) return { refusal: page(strangers.erased(), 410) };
  const pages = personPages(pageLocale(profile?.locale, accepted), settings);
  const { consents } = contact;
  const choices = (now: Consents = consents) =>
    choicesOf({ contact: { ...contact, consents: now }, addresses: profile, from: claim, nowMs }, settings);
  const say = (said: Consents) => changeConsents(ports, { profileId, consents: said, actor: ACTOR, nowMs });
  return { claim, consents, pages, choices, say, preferences: `../..${LINK_PATHS.preferences}${token}` };
};

const page = (content: string, status = 200): ApiResponse => ({
  document: { type: 'text/html; charset=utf-8', content, status },
  headers: PAGE_HEADERS,
});

const saidBy = (said: Consents) => Object.keys(said).length > 0;

/**
 * The pages behind the links out of a message. A token that Herald did not seal changes nothing. Running a change twice is safe:
 * it says the same again, or nothing.
 */
export const handler = apiHandler('delivery/manage-preferences', routes, {
  askToUnsubscribe: async (request) => {
    const { refusal, pages, claim, consents, preferences } = await visitOf(request);
    return refusal ?? page(pages.confirm(claim, saidBy(unsubscribed(consents, claim)), preferences));
  },

  unsubscribe: async (request) => {
    const { refusal, pages, claim, say, preferences } = await visitOf(request);
    if (refusal) return refusal;
    // A mailbox that got no answer asks again, and whatever was lost on the way is then made up for.
    await say(unsubscribed({}, claim));
    return page(pages.unsubscribed(claim, preferences));
  },

  showPreferences: async (request) => {
    const { refusal, pages, choices } = await visitOf(request);
    return refusal ?? page(pages.preferences(choices(), false));
  },

  savePreferences: async (request) => {
    const { refusal, pages, choices, consents, say } = await visitOf(request);
    if (refusal) return refusal;
    const { shown, given, act } = request.body;
    const said = act[0] === 'none' ? nothingAnyMore(consents) : chosen(choices(), new Set(shown), new Set(given));
    if (saidBy(said)) await say(said);
    return page(pages.preferences(choices({ ...consents, ...said }), true));
  },
});
