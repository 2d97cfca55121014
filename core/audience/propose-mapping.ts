import { decimal, phoneNumber, truth } from './import-cells.ts';
import type { ImportMapping } from './import-mapping.ts';
import { isTimeZone } from './profile.ts';

/**
 * What columns are called, after `plainName`: in English, French, German, Spanish, Italian, Portuguese, Dutch, Nordic
 * languages, Polish, Russian, Japanese and Chinese. The first that fits counts.
 */
const NAMES: [RegExp, string][] = [
  [
    /^(e ?mail|mail|sms|push|text|phone) (opt ?out|opted out|unsubscribed?|unsub|blocked)( at| on| date)?$/,
    'unsubscribed.$1',
  ],
  [
    /^(opt ?out|opted out|unsub|unsubscribed?|do not (contact|email|mail)|abgemeldet|abmeldung|desinscrit|desabonne|baja|disiscritto|descadastrado|uitgeschreven|afgemeld|отписан|退订|配信停止)( at| on| date| datum)?$/,
    'unsubscribed',
  ],
  [
    /^(e ?mail|mail|sms|push|text) (ok|consent|opt ?in|opted in|subscribed|permission|allowed|marketing|einwilligung|consentement|consentimiento|consenso)( status)?$/,
    'consent.$1',
  ],
  [
    /^(e ?mail|mail|e ?mail address|mail address|e ?mail adresse|mail adresse|adresse (e ?)?mail|courriel|correo|correo electronico|indirizzo (e ?)?mail|endereco de e ?mail|e ?mail adres|e ?post|e ?post adress|эл почта|электронная почта|почта|メール|メールアドレス|邮箱|电子邮件|電子郵件)$/,
    'email',
  ],
  [
    /^((mobile|cell|cellular|contact|primary) )?(phone|telephone|tel|mobile|cell|telefon|telefono|telefone|telefoon|telefonnummer|telefoonnummer|telephone portable|portable|handy|handynummer|mobil|mobilnummer|movil|celular|cellulare|mobiel|gsm|numer telefonu|телефон|電話|電話番号|携帯電話|手机|手机号|电话)( (no|nr|number|nummer|numero|phone))?$/,
    'phone',
  ],
  [/^(numero|n|no|num) (de )?(telephone|telefono|telefone|tel|mobile)$/, 'phone'],
  [/^(push|device|fcm|apns) ?token$/, 'pushToken'],
  [/^((we ?chat|weixin|wx|微信) ?)(open ?)?id$|^open ?id$/, 'wechatOpenId'],
  [
    /^(time ?zone|tz|zeitzone|fuseau horaire|zona horaria|fuso orario|fuso horario|tijdzone|часовой пояс|タイムゾーン|时区)$/,
    'timeZone',
  ],
  [/^(locale|language|lang|sprache|langue|idioma|lingua|taal|sprog|sprak|jezyk|язык|言語|语言)$/, 'locale'],
  [
    /^((profile|customer|client|contact|user|member|person|subscriber|external|kunden|kunde|klant|cliente|usuario|kontakt|mitglied|клиент|客户|顧客|用户) ?)?(id|uuid|key|nr|no|number|nummer|numero|code)$/,
    'profileId',
  ],
  [
    /^(kundennummer|kundennr|klantnummer|id (client|cliente|usuario|contact)|numero (client|cliente)|identifiant|identifier|会員番号|顧客番号|客户编号)$/,
    'profileId',
  ],
  [
    /^(first ?name|given name|forename|vorname|prenom|nombre|nome|voornaam|fornavn|fornamn|imie|имя|名|名字)$/,
    'attributes.firstName',
  ],
  [
    /^(last ?name|surname|family name|nachname|familienname|nom|nom de famille|apellidos?|cognome|sobrenome|achternaam|efternavn|efternamn|nazwisko|фамилия|姓|姓氏)$/,
    'attributes.lastName',
  ],
  [
    /^(city|town|stadt|ort|wohnort|ville|ciudad|citta|cidade|stad|plaats|by|miasto|город|市|城市|都市)$/,
    'attributes.city',
  ],
  [/^(country|land|pays|pais|paese|kraj|страна|国|国家)$/, 'attributes.country'],
];
const CHANNEL_WORDS: Record<string, string> = { sms: 'sms', text: 'sms', phone: 'sms', push: 'push' };

/** `Kunden-Nr.`, `kundenNr` → `kunden nr`; accents of Latin letters go. */
const plainName = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .normalize('NFKD')
    .replace(/(\p{Script=Latin})\p{Mn}+/gu, '$1')
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** What a column of this name usually is. Of a path only its last step is looked at, when the whole says nothing. */
export const targetByName = (name: string): string | undefined => {
  for (const plain of [plainName(name), plainName(name.split('.').at(-1) ?? '')]) {
    const [pattern, target] = NAMES.find(([one]) => one.test(plain)) ?? [];
    const word = pattern?.exec(plain)?.[1] ?? '';
    if (target) return target.replace('$1', CHANNEL_WORDS[word] ?? 'email');
  }
  return undefined;
};

/**
 * A mapping to begin with: by the names of the columns, else by what is in them; of two columns that would become the same
 * the first. The rest become attributes, as numbers or yes-or-no when all values are. Where no column is an id, the email
 * address is it, or the phone.
 */
export const proposeMapping = (names: readonly string[], rows: readonly (readonly unknown[])[]): ImportMapping => {
  const taken = new Set<string>();
  const chosen = new Map<string, string[]>();
  const take = (column: string, target: string | undefined): boolean => {
    const name = target?.replace(/:.*/, '') ?? '';
    if (!target || taken.has(name) || chosen.has(column)) return false;
    taken.add(name);
    chosen.set(column, [target]);
    return true;
  };
  const columns = names
    .map((name, n) => ({
      name,
      values: rows.map((row) => String(row[n] ?? '').trim()).filter((value) => value !== ''),
    }))
    .filter(({ name }, n) => name !== '' && names.indexOf(name) === n);
  for (const { name, values } of columns) {
    const target = targetByName(name);
    if (target && suits(target, values)) take(name, target);
  }
  for (const { name, values } of columns) take(name, byContent(values));
  for (const { name, values } of columns) {
    const attribute = attributeName(name);
    if (attribute) take(name, `attributes.${attribute}${typeOf(values)}`);
  }
  if (!taken.has('profileId')) {
    const [id] = ['email', 'phone'].flatMap((target) => [...chosen].filter(([, [one]]) => one === target));
    if (id) chosen.set(id[0], ['profileId', ...id[1]]);
  }
  return Object.fromEntries(
    [...chosen].map(([name, targets]) => [name, targets.length > 1 ? targets : (targets[0] as string)]),
  );
};

const every = (values: readonly string[], test: (value: string) => boolean) => values.length > 0 && values.every(test);

/** Names mislead: a language may be written out, an id may repeat. */
const suits = (target: string, values: readonly string[]): boolean => {
  if (target === 'locale') return values.every((value) => /^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$/.test(value));
  if (target === 'timeZone') return values.every(isTimeZone);
  if (target.startsWith('consent.')) return values.every((value) => truth(value) !== undefined);
  return target !== 'profileId' || new Set(values).size === values.length;
};

const byContent = (values: readonly string[]): string | undefined => {
  if (every(values, (value) => /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value))) return 'email';
  return every(values, (value) => value.startsWith('+') && phoneNumber(value, undefined) !== undefined)
    ? 'phone'
    : undefined;
};

/** A number that begins with 0, or is long, is a code. */
const typeOf = (values: readonly string[]): string => {
  if (every(values, (value) => decimal(value) !== undefined && !/^0\d|\d{16}/.test(value))) return ':number';
  return every(values, (value) => value.length > 1 && truth(value) !== undefined) ? ':boolean' : '';
};

const attributeName = (column: string): string | undefined => {
  const words = plainName(column)
    .split(' ')
    .filter((word) => /^[a-z0-9]+$/.test(word));
  const name = words.map((word, n) => (n === 0 ? word : word[0]?.toUpperCase() + word.slice(1))).join('');
  return /^[a-z]/.test(name) ? name.slice(0, 64) : undefined;
};
