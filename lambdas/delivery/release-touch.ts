import { hasTouch, releaseTouch } from '../../core/delivery/touch.ts';
import { RetryLater } from '../middleware/retry-later.ts';
import type { Ports } from './ports.ts';

/** Gives the touch of a message that nobody took back to the person. Repeating it changes nothing. */
export const release = async ({ contacts }: Pick<Ports, 'contacts'>, profileId: string, key: string): Promise<void> => {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const contact = await contacts.get(profileId);
    if (!hasTouch(contact, key) || (await contacts.saveTouches(releaseTouch(contact, key)))) return;
  }
  throw new RetryLater('A contact changes all the time');
};
