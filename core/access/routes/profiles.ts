import * as z from 'zod/mini';
import { PLATFORMS } from '../../audience/device.ts';
import { consentsInput, profileInput } from '../../audience/profile.ts';
import { CHANNELS } from '../../delivery/channel.ts';
import { PROFILE_READERS, READERS, WRITERS } from '../role.ts';
import type { Route } from '../route.ts';
import { suppression } from './suppressions.ts';

const count = z.int();

/** A profile as the API gives it. */
export const profile = z.object({
  profileId: z.string(),
  version: count,
  updatedMs: count,
  email: z.optional(z.string()),
  phone: z.optional(z.string()),
  /** Of the device that was registered last, or the token that the profile itself names. */
  pushToken: z.optional(z.string()),
  wechatOpenId: z.optional(z.string()),
  devices: z.optional(z.array(z.object({ deviceId: z.string(), platform: z.enum(PLATFORMS) }))),
  timeZone: z.optional(z.string()),
  locale: z.optional(z.string()),
  attributes: z.record(z.string(), z.json()),
});
const contact = z.object({
  profileId: z.string(),
  consents: z.record(z.string(), z.boolean()),
  suppressed: z.partialRecord(z.enum(CHANNELS), suppression),
  touches: z.array(z.object({ atMs: count })),
});
const profiles = 'audience/manage-profiles';

export const routes = [
  {
    operationId: 'putProfile',
    method: 'PUT',
    path: '/v1/profiles/{profileId}',
    summary: 'Make or change a profile',
    description:
      'Merges: fields and attributes that the body does not name stay, those that are null go. `version` grows by one when something changed. `pushToken` takes the place of the token that was set here before; devices that an app has registered (POST /v1/devices) stay, unless it is null.',
    handler: profiles,
    roles: WRITERS,
    body: profileInput,
    example: { email: 'ada@example.com', timeZone: 'Europe/Paris', attributes: { firstName: 'Ada', oldField: null } },
    success: { status: 200, schema: profile, description: 'The profile as it now is' },
    errors: ['body-too-large', 'version-conflict', 'person-erased'],
  },
  {
    operationId: 'getProfile',
    method: 'GET',
    path: '/v1/profiles/{profileId}',
    summary: 'Read a profile',
    handler: profiles,
    roles: PROFILE_READERS,
    success: { status: 200, schema: profile, description: 'The profile' },
    errors: ['not-found'],
  },
  {
    operationId: 'putConsents',
    method: 'PUT',
    path: '/v1/profiles/{profileId}/consents',
    summary: 'Record what a person agreed to',
    description:
      'Keys are a channel or `channel/topic`; the more specific one counts. False is an unsubscribe. Keys that the body does not name stay. No profile is needed.',
    handler: profiles,
    roles: WRITERS,
    body: z.strictObject({ consents: consentsInput }),
    example: { consents: { sms: true, 'email/offers': false } },
    success: { status: 200, schema: contact, description: 'The contact state as it now is' },
    errors: ['person-erased'],
  },
  {
    operationId: 'getContact',
    method: 'GET',
    path: '/v1/profiles/{profileId}/contact',
    summary: 'Read what the gate knows of a person',
    description: 'Consents, suppressed channels, and the times of the touches that count against the frequency cap.',
    handler: profiles,
    roles: READERS,
    success: { status: 200, schema: contact, description: 'The contact state; empty for somebody unknown' },
    errors: [],
  },
] as const satisfies readonly Route[];
