import type * as z from 'zod/mini';
import type { deliverySettings } from './settings-input.ts';

/** What operators may set for all plans: see settings-input.ts. */
export type DeliverySettings = z.infer<typeof deliverySettings>;

/** In force until somebody sets another: five in a rolling week. */
export const DEFAULT_SETTINGS: DeliverySettings = { frequencyCap: { touches: 5, hours: 168 } };

/** One line for the audit log. */
export const settingsText = ({ frequencyCap, caps = [], ...rest }: DeliverySettings): string =>
  [
    `at most ${touchesText(frequencyCap)} in ${frequencyCap.hours} hours`,
    ...caps.map(capText),
    ...(rest.minimumGap ? [`${rest.minimumGap.minutes} minutes apart`] : []),
    ...(rest.noDuplicatesWithin ? [`no content twice in ${rest.noDuplicatesWithin.hours} hours`] : []),
    ...(rest.quietHours ? [quietText(rest.quietHours)] : []),
    ...(rest.usSmsWindow ? ['SMS to the United States from 08:00 to 21:00'] : []),
    ...ratesText(rest.rates),
    ...(rest.fallbackTimeZone ? [`unknown time zones are ${rest.fallbackTimeZone}`] : []),
    ...Object.entries(rest.prices ?? {}).map(([channel, price]) => `${channel} costs ${price}`),
  ].join('; ');

type Cap = NonNullable<DeliverySettings['caps']>[number];

const touchesText = ({ touches, reserved }: Pick<Cap, 'touches' | 'reserved'>): string =>
  reserved ? `${touches} (${reserved} for high priority)` : `${touches}`;

const capText = ({ within, channel, topic, ...cap }: Cap): string =>
  [
    touchesText(cap),
    ...(channel ? [`by ${channel}`] : []),
    ...(topic ? [`about ${topic}`] : []),
    'hours' in within ? `in ${within.hours} hours` : `a calendar ${within.calendar}`,
  ].join(' ');

const ratesText = (rates: DeliverySettings['rates'] = {}): string[] =>
  Object.entries(rates).map(
    ([channel, { perSecond, transactionalShare }]) =>
      `${channel} ${perSecond} a second${transactionalShare === undefined ? '' : `, ${transactionalShare} of it transactional`}`,
  );

const quietText = ({ from, to, otherwise, channels }: NonNullable<DeliverySettings['quietHours']>): string =>
  `quiet from ${from} to ${to}${channels ? ` on ${channels.join(', ')}` : ''}, or ${otherwise}`;
