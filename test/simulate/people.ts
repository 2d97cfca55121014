import type { Addresses } from '../../core/delivery/channel.ts';
import type { Chance } from './chance.ts';
import { SIMULATED, type Simulated } from './cloud.ts';

export type Person = {
  id: string;
  addresses: Pick<Addresses, 'email' | 'phone' | 'pushToken'>;
  timeZone?: string;
  consents: Record<string, boolean>;
  suppressed: Simulated[];
  /** Whether the lake knows the consents when the snapshot is made. */
  known: boolean;
};

const ZONES = ['Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland', 'Nowhere/At_All'];

/** Addresses that a provider treats in some way, by what they begin with (local/simulated-addresses.ts); mostly it does not. */
const EMAILS = ['reject-', 'throttle-once-', 'bounce-', 'full-', 'odd-', 'block-', 'silent-', 'complain-'];
const PHONES = [
  '+1555550',
  '+1555551',
  '+1555552',
  '+1555553',
  '+1555554',
  '+1555556',
  '+3361200',
  '+1202555',
  '+1202555',
];
const TOKENS = ['dead-', 'optout-', 'denied-', 'throttle-once-', 'renew-'];

const digits = (n: number): string => String(n).padStart(4, '0');

export const drawPeople = (chance: Chance, count: number): Person[] =>
  Array.from({ length: count }, (_, n) => {
    const id = `p${n}`;
    const odd = (family: readonly string[]) => (chance.is(0.15) ? chance.pick(family) : '');
    const addresses = {
      ...(chance.is(0.9) && { email: `${odd(EMAILS)}p${n}@example.com` }),
      ...(chance.is(0.9) && { phone: (odd(PHONES) || chance.pick(['+1202555', '+3361200'])) + digits(n) }),
      ...(chance.is(0.8) && { pushToken: `${odd(TOKENS)}device-${n}` }),
    };
    const yes = (share: number) => chance.is(share);
    const consents = Object.fromEntries(
      SIMULATED.flatMap((channel) => [
        ...(yes(0.95) ? [[channel, yes(0.93)] as const] : []),
        ...(yes(0.1) ? [[`${channel}/news`, yes(0.5)] as const] : []),
      ]),
    );
    const suppressed = SIMULATED.filter((channel) => channel !== 'inapp' && yes(0.02));
    return { id, addresses, ...(yes(0.7) && { timeZone: chance.pick(ZONES) }), consents, suppressed, known: yes(0.8) };
  });
