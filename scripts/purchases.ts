import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { seededRandom } from '../local/random.ts';

/** One line of a purchase history: customer, yyyymmdd, units, dollars, separated by blanks. */
export type Purchase = { line: number; customer: string; timeMs: number; units: number; amount: number };

/** A purchase happens at midnight UTC of its day. Throws on a line that is not of that form. */
export const readPurchases = (path: string): Purchase[] => {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, n) => {
      const [customer, day, units, dollars] = line.trim().split(/\s+/);
      if (!customer || !/^\d{8}$/.test(day ?? '')) throw new Error(`line ${n + 1} is not a purchase: ${line}`);
      const timeMs = Date.UTC(Number(day!.slice(0, 4)), Number(day!.slice(4, 6)) - 1, Number(day!.slice(6)));
      return { line: n + 1, customer, timeMs, units: Number(units), amount: Number(dollars) };
    });
};

/** A history of the same shape for machines without the real one: `customers` people, the same for the same seed. */
export const inventPurchases = (customers: number, seed = 1): Purchase[] => {
  const random = seededRandom(seed);
  const found: Purchase[] = [];
  for (let n = 1; n <= customers; n += 1) {
    const times = random() < 0.5 ? 1 : 2 + Math.floor(random() * 6);
    let day = Math.floor(random() * 90);
    for (let k = 0; k < times && day < 546; k += 1) {
      const amount = Math.round((8 + random() * 60) * 100) / 100;
      const customer = String(n).padStart(5, '0');
      found.push({
        line: 0,
        customer,
        timeMs: Date.UTC(1997, 0, 1 + day),
        units: 1 + Math.floor(random() * 3),
        amount,
      });
      day += 1 + Math.floor(random() * 120);
    }
  }
  return found.map((purchase, n) => ({ ...purchase, line: n + 1 }));
};

/** Made-up addresses and consents of one customer, always the same ones. Shares are of all customers. */
export const inventPerson = (customer: string) => {
  const random = seededRandom(Number.parseInt(customer, 10) * 2_654_435_761);
  const [hasPush, pushFate, hasPhone, phoneFate, hasEmail] = [random(), random(), random(), random(), random()];
  const [pushConsent, smsConsent, emailConsent, city] = [random(), random(), random(), random()];
  const digits = customer.padStart(7, '0').slice(-7);
  // The local cloud gives an address its fate by its prefix (local/simulated-addresses.ts).
  const token = pushFate < 0.03 ? 'dead-' : pushFate < 0.05 ? 'optout-' : 'device-';
  const phone = phoneFate < 0.02 ? '+1555550' : phoneFate < 0.04 ? '+1555551' : '+1202';
  return {
    customer_id: customer,
    first_name: FIRST_NAMES[Number.parseInt(customer, 10) % FIRST_NAMES.length] ?? 'Sam',
    city: city < 0.3 ? 'Paris' : city < 0.6 ? 'Berlin' : 'Chicago',
    push_token: hasPush < 0.62 ? `${token}${customer}` : '',
    phone: hasPhone < 0.75 ? (phone === '+1202' ? `${phone}${digits}` : `${phone}${customer.slice(-4)}`) : '',
    email: hasEmail < 0.96 ? `customer.${customer}@example.com` : '',
    push_ok: pushConsent < 0.96 ? 'yes' : 'no',
    sms_ok: smsConsent < 0.93 ? 'yes' : 'no',
    email_ok: emailConsent < 0.96 ? 'yes' : 'no',
  };
};
export type Person = ReturnType<typeof inventPerson>;

const FIRST_NAMES = [
  'Ada',
  'Bruno',
  'Chen',
  'Dora',
  'Emil',
  'Fatou',
  'Goran',
  'Hana',
  'Ines',
  'Jonas',
  "Ka'imi",
  'Lin',
];

/** A CSV file of people, header first. */
export const peopleCsv = (people: readonly Person[]): string => {
  const columns = Object.keys(people[0] ?? {}) as (keyof Person)[];
  const rows = people.map((person) => columns.map((column) => person[column]).join(','));
  return `${[columns.join(','), ...rows].join('\n')}\n`;
};
