import { DEFAULT_LINK_SETTINGS, type LinkSettings } from '../../core/delivery/links/link-settings.ts';
import type { Definitions } from './definitions.ts';

/** The link settings in force. */
export const linkSettingsOf = async (defs: Pick<Definitions, 'get'>): Promise<LinkSettings> =>
  (await defs.get<LinkSettings>('settings', 'links'))?.body ?? DEFAULT_LINK_SETTINGS;
