import type { InboxChannel } from './inbox.ts';

/** What a provider does with a message to a simulated address at once. `accepted` is every other address. */
type Simulated = 'accepted' | 'dead' | 'opted-out' | 'renewed' | 'denied' | 'invalid' | 'rejected' | 'throttled';

/** All simulated addresses: the address alone decides, so that runs repeat. Throttled is only the first attempt. */
const RULES: readonly [channel: InboxChannel, address: RegExp, behaviour: Simulated][] = [
  ['push', /^dead-/, 'dead'],
  ['push', /^optout-/, 'opted-out'],
  ['push', /^renew-/, 'renewed'],
  ['push', /^denied-/, 'denied'],
  ['push', /^throttle-once-/, 'throttled'],
  ['sms', /^\+1555550/, 'opted-out'],
  ['sms', /^\+1555551/, 'invalid'],
  ['sms', /^\+1555552/, 'throttled'],
  ['whatsapp', /^\+1555552/, 'throttled'],
  ['wechat', /^nofollow-/, 'opted-out'],
  ['wechat', /^invalid-/, 'invalid'],
  ['wechat', /^throttle-once-/, 'throttled'],
  ['email', /^reject-/, 'rejected'],
  ['email', /^throttle-once-/, 'throttled'],
];

export const simulatedAddresses = (of: InboxChannel): ((address: string) => Simulated) => {
  const throttled = new Set<string>();
  return (address) => {
    const [, , behaviour = 'accepted'] = RULES.find(([channel, some]) => channel === of && some.test(address)) ?? [];
    if (behaviour === 'throttled' && throttled.has(address)) return 'accepted';
    if (behaviour === 'throttled') throttled.add(address);
    return behaviour;
  };
};

/** What is heard later of a message that was accepted. `delivered` is every other address. */
export type Fate = 'delivered' | 'hard' | 'soft' | 'undetermined' | 'block' | 'complaint' | 'silent';

const FATES: readonly [channel: 'sms' | 'email', address: RegExp, fate: Fate][] = [
  ['email', /^bounce-/, 'hard'],
  ['email', /^full-/, 'soft'],
  ['email', /^odd-/, 'undetermined'],
  ['email', /^block-/, 'block'],
  ['email', /^complain-/, 'complaint'],
  ['email', /^silent-/, 'silent'],
  ['sms', /^\+1555553/, 'hard'],
  ['sms', /^\+1555554/, 'soft'],
  ['sms', /^\+1555555/, 'block'],
  ['sms', /^\+1555556/, 'silent'],
];

export const fateOf = (of: 'sms' | 'email', address: string): Fate =>
  FATES.find(([channel, some]) => channel === of && some.test(address))?.[2] ?? 'delivered';
