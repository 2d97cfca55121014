import { knownZone } from '../../core/delivery/local-time.ts';
import type { DeliverySettings } from '../../core/delivery/settings.ts';
import type { Definitions } from './definitions.ts';

/** The zone of the delivery settings, by whose clock a day begins where no other is named; else UTC. */
export const fallbackZone = async (defs: Definitions): Promise<string> => {
  const settings = await defs.get<DeliverySettings>('settings', 'delivery');
  return knownZone(settings?.body.fallbackTimeZone);
};
