import type { TemplateContent } from '../../strategy/template.ts';
import type { Channel } from '../channel.ts';

/** Whether messages of the template on the channel can have a link of Herald's: what makes them need not be loaded otherwise. */
export const needsLinks = ({ channels, locales = {} }: TemplateContent, channel: Channel): boolean => {
  const written = [channels, ...Object.values(locales)].map((own) => own[channel] ?? {});
  return channel === 'email' || /"trackLinks":true|unsubscribe_url|preferences_url/.test(JSON.stringify(written));
};
