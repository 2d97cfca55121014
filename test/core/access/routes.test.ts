import { describe, expect, test } from 'vitest';
import type * as z from 'zod/mini';
import { ROLES, type Role } from '../../../core/access/role.ts';
import { routes } from '../../../core/access/routes.ts';

/**
 * Who may call what, written down a second time and by hand: v(iewer), m(arketer), a(pprover), o(perator), A(dmin);
 * `public` needs nothing, `key` an API key. A route that is not here fails the test, and so does one that is gone.
 */
const WHO: Record<string, string> = {
  'POST /v1/events': 'key',
  'POST /v1/triggers': 'mA',
  'GET /v1/triggers': 'vmaoA',
  'GET /v1/triggers/{triggerId}': 'vmaoA',
  'PUT /v1/triggers/{triggerId}': 'mA',
  'POST /v1/triggers/{triggerId}/submit': 'mA',
  'POST /v1/templates/{templateId}/submit': 'mA',
  'POST /v1/segments/{segmentId}/submit': 'mA',
  'GET /v1/templates/{templateId}/submission': 'vmaoA',
  'POST /v1/triggers/{triggerId}/activate': 'aA',
  'POST /v1/triggers/{triggerId}/pause': 'oA',
  'PUT /v1/reference-tables/{tableId}': 'mA',
  'GET /v1/reference-tables': 'vmaoA',
  'GET /v1/reference-tables/{tableId}': 'vmaoA',
  'POST /v1/reference-tables/{tableId}/rows': 'mA',
  'GET /v1/reference-tables/{tableId}/rows/{key}': 'vmaoA',
  'GET /v1/event-types': 'vmaoA',
  'GET /v1/event-types/{eventType}': 'vmaoA',
  'PUT /v1/profiles/{profileId}': 'mA',
  'GET /v1/profiles/{profileId}': 'vmaoA',
  'PUT /v1/profiles/{profileId}/consents': 'mA',
  'GET /v1/profiles/{profileId}/contact': 'vmaoA',
  'GET /v1/profiles/{profileId}/why': 'vmaoA',
  'POST /v1/profiles/{profileId}/aliases': 'mA',
  'GET /v1/aliases/{alias}': 'vmaoA',
  'POST /v1/imports': 'mA',
  'GET /v1/imports': 'vmaoA',
  'GET /v1/imports/{importId}': 'vmaoA',
  'PUT /v1/imports/{importId}': 'mA',
  'GET /v1/imports/{importId}/inspection': 'vmaoA',
  'POST /v1/imports/{importId}/upload': 'mA',
  'POST /v1/imports/{importId}/check': 'mA',
  'POST /v1/imports/{importId}/start': 'mA',
  'POST /v1/imports/{importId}/pause': 'mA',
  'POST /v1/imports/{importId}/resume': 'mA',
  'POST /v1/imports/{importId}/cancel': 'mA',
  'POST /v1/segments': 'mA',
  'GET /v1/segments': 'vmaoA',
  'GET /v1/segments/schema': 'vmaoA',
  'GET /v1/segments/{segmentId}': 'vmaoA',
  'PUT /v1/segments/{segmentId}': 'mA',
  'POST /v1/segments/preview': 'vmaoA',
  'POST /v1/segments/estimate': 'vmaoA',
  'POST /v1/segments/explain': 'vmaoA',
  'PUT /v1/segments/{segmentId}/live': 'mA',
  'GET /v1/segments/{segmentId}/live': 'vmaoA',
  'DELETE /v1/segments/{segmentId}/live': 'mA',
  'GET /v1/segments/{segmentId}/members': 'vmaoA',
  'GET /v1/profiles/{profileId}/segments': 'vmaoA',
  'POST /v1/snapshots': 'mA',
  'GET /v1/snapshots': 'vmaoA',
  'GET /v1/snapshots/{snapshotId}': 'vmaoA',
  'POST /v1/audiences': 'mA',
  'GET /v1/audiences': 'vmaoA',
  'GET /v1/audiences/{audienceId}': 'vmaoA',
  'PUT /v1/audiences/{audienceId}': 'mA',
  'DELETE /v1/audiences/{audienceId}': 'mA',
  'GET /v1/audiences/{audienceId}/uses': 'vmaoA',
  'POST /v1/lists': 'mA',
  'GET /v1/lists': 'vmaoA',
  'GET /v1/lists/{listId}': 'vmaoA',
  'PUT /v1/lists/{listId}': 'mA',
  'DELETE /v1/lists/{listId}': 'mA',
  'GET /v1/lists/{listId}/uses': 'vmaoA',
  'POST /v1/lists/{listId}/members': 'mA',
  'POST /v1/lists/{listId}/members/remove': 'mA',
  'GET /v1/lists/{listId}/members': 'vmaoA',
  'POST /v1/lists/{listId}/copies': 'mA',
  'POST /v1/lists/{listId}/uploads': 'mA',
  'POST /v1/list-changes/{changeId}/start': 'mA',
  'GET /v1/list-changes/{changeId}': 'vmaoA',
  'GET /v1/profiles/{profileId}/lists': 'vmaoA',
  'PUT /v1/models/{modelId}': 'mA',
  'GET /v1/models': 'vmaoA',
  'GET /v1/models/{modelId}': 'vmaoA',
  'DELETE /v1/models/{modelId}': 'mA',
  'POST /v1/models/{modelId}/fit': 'mA',
  'GET /v1/models/{modelId}/versions/{number}': 'vmaoA',
  'GET /v1/models/{modelId}/versions/{number}/comparison': 'vmaoA',
  'POST /v1/models/{modelId}/versions/{number}/activate': 'mA',
  'PUT /v1/lead-models/{modelId}': 'mA',
  'GET /v1/lead-models': 'vmaoA',
  'GET /v1/lead-models/{modelId}': 'vmaoA',
  'POST /v1/lead-models/{modelId}/activate': 'aA',
  'POST /v1/lead-models/{modelId}/pause': 'oA',
  'GET /v1/leads': 'vmaoA',
  'GET /v1/profiles/{profileId}/leads': 'vmaoA',
  'PUT /v1/profiles/{profileId}/leads/{modelId}/stage': 'mA',
  'POST /v1/webhook-endpoints': 'A',
  'GET /v1/webhook-endpoints': 'maoA',
  'GET /v1/webhook-endpoints/{endpointId}': 'maoA',
  'PUT /v1/webhook-endpoints/{endpointId}': 'A',
  'POST /v1/webhook-endpoints/{endpointId}/rotate-secret': 'A',
  'POST /v1/webhook-endpoints/{endpointId}/ping': 'oA',
  'GET /v1/webhook-endpoints/{endpointId}/deliveries': 'maoA',
  'POST /v1/profiles/{profileId}/export': 'A',
  'GET /v1/exports/{exportId}': 'A',
  'POST /v1/profiles/{profileId}/erase': 'A',
  'GET /v1/erasures/{erasureId}': 'A',
  'GET /v1/erasures': 'A',
  'POST /v1/erasures/run': 'A',
  'GET /v1/dead-letters': 'oA',
  'GET /v1/dead-letters/{queue}': 'oA',
  'GET /v1/dead-letters/{queue}/messages/{messageId}': 'A',
  'POST /v1/dead-letters/{queue}/redrive': 'oA',
  'POST /v1/dead-letters/{queue}/cancel-redrive': 'oA',
  'POST /v1/dead-letters/{queue}/discard': 'oA',
  'POST /v1/materials': 'mA',
  'GET /v1/materials': 'vmaoA',
  'GET /v1/materials/{materialId}': 'vmaoA',
  'DELETE /v1/materials/{materialId}': 'mA',
  'GET /v1/m/{file}': 'public',
  'POST /v1/templates': 'mA',
  'GET /v1/templates': 'vmaoA',
  'GET /v1/templates/{templateId}': 'vmaoA',
  'PUT /v1/templates/{templateId}': 'mA',
  'GET /v1/templates/{templateId}/versions': 'vmaoA',
  'GET /v1/templates/{templateId}/versions/{templateVersion}': 'vmaoA',
  'GET /v1/templates/{templateId}/versions/{templateVersion}/changes': 'vmaoA',
  'POST /v1/templates/{templateId}/versions/{templateVersion}/restore': 'mA',
  'POST /v1/templates/{templateId}/check': 'vmaoA',
  'POST /v1/templates/{templateId}/test-sends': 'mA',
  'GET /v1/templates/{templateId}/test-sends/{testSendId}': 'vmaoA',
  'GET /v1/settings/tests': 'vmaoA',
  'PUT /v1/settings/tests': 'oA',
  'POST /v1/templates/{templateId}/preview': 'vmaoA',
  'GET /v1/playbooks': 'vmaoA',
  'GET /v1/playbooks/{playbookId}': 'vmaoA',
  'POST /v1/playbooks/{playbookId}/instantiate': 'mA',
  'GET /v1/journeys/{journeyId}/report': 'vmaoA',
  'GET /v1/journeys/{journeyId}/participants/{profileId}/steps': 'vmaoA',
  'POST /v1/journeys': 'mA',
  'GET /v1/journeys': 'vmaoA',
  'GET /v1/journeys/{journeyId}': 'vmaoA',
  'PUT /v1/journeys/{journeyId}': 'mA',
  'POST /v1/journeys/{journeyId}/validate': 'vmaoA',
  'POST /v1/journeys/{journeyId}/simulate': 'vmaoA',
  'POST /v1/journeys/{journeyId}/submit': 'mA',
  'POST /v1/journeys/{journeyId}/publish': 'aA',
  'POST /v1/journeys/{journeyId}/pause': 'moA',
  'POST /v1/journeys/{journeyId}/resume': 'moA',
  'POST /v1/journeys/{journeyId}/stop': 'moA',
  'POST /v1/journeys/{journeyId}/participants': 'mA',
  'POST /v1/journeys/{journeyId}/entries': 'key',
  'GET /v1/journeys/{journeyId}/participants': 'vmaoA',
  'GET /v1/journeys/{journeyId}/participants/{profileId}': 'vmaoA',
  'POST /v1/campaigns': 'mA',
  'GET /v1/campaigns': 'vmaoA',
  'GET /v1/campaigns/{campaignId}': 'vmaoA',
  'PUT /v1/campaigns/{campaignId}': 'mA',
  'POST /v1/campaigns/{campaignId}/pre-flight': 'vmaoA',
  'POST /v1/campaigns/{campaignId}/submit': 'mA',
  'GET /v1/emergency-stop': 'vmaoA',
  'POST /v1/emergency-stop': 'moA',
  'POST /v1/emergency-stop/end': 'oA',
  'GET /v1/settings/approvals': 'vmaoA',
  'PUT /v1/settings/approvals': 'oA',
  'GET /v1/approvals': 'vmaoA',
  'GET /v1/approvals/{kind}/{thingId}/comments': 'vmaoA',
  'GET /v1/approvals/{kind}/{thingId}': 'vmaoA',
  'POST /v1/approvals/{kind}/{thingId}/approve': 'vmaoA',
  'POST /v1/approvals/{kind}/{thingId}/reject': 'vmaoA',
  'POST /v1/approvals/{kind}/{thingId}/revoke': 'vmaoA',
  'GET /v1/approvals/{kind}/{thingId}/diff': 'vmaoA',
  'POST /v1/approvals/{kind}/{thingId}/comments': 'vmaoA',
  'GET /v1/delegations': 'vmaoA',
  'POST /v1/delegations': 'vmaoA',
  'DELETE /v1/delegations/{person}': 'vmaoA',
  'GET /v1/campaigns/{campaignId}/diff': 'vmaoA',
  'POST /v1/campaigns/{campaignId}/revoke': 'vmaoA',
  // Which of them may is for the levels to say (core/strategy/approval).
  'POST /v1/campaigns/{campaignId}/approve': 'vmaoA',
  'POST /v1/campaigns/{campaignId}/reject': 'vmaoA',
  'POST /v1/campaigns/{campaignId}/pause': 'moA',
  'POST /v1/campaigns/{campaignId}/resume': 'moA',
  'POST /v1/campaigns/{campaignId}/cancel': 'moA',
  'PUT /v1/campaigns/{campaignId}/speed': 'moA',
  'POST /v1/campaigns/{campaignId}/clone': 'mA',
  'GET /v1/campaigns/{campaignId}/runs': 'vmaoA',
  'POST /v1/campaigns/{campaignId}/archive': 'moA',
  'POST /v1/campaigns/{campaignId}/unarchive': 'moA',
  'DELETE /v1/campaigns/{campaignId}': 'mA',
  'POST /v1/devices': 'key',
  'DELETE /v1/devices/{deviceId}': 'key',
  'GET /v1/inbox/{profileId}/messages': 'key',
  'POST /v1/inbox/{profileId}/messages/{messageId}/read': 'key',
  'POST /v1/inbox/{profileId}/read': 'key',
  'GET /v1/settings/holdout': 'vmaoA',
  'GET /v1/settings/links': 'vmaoA',
  'PUT /v1/settings/holdout': 'oA',
  'PUT /v1/settings/links': 'oA',
  'GET /v1/c/{token}': 'public',
  'HEAD /v1/c/{token}': 'public',
  'GET /v1/o/{token}': 'public',
  'GET /v1/unsubscribe/{token}': 'public',
  'POST /v1/unsubscribe/{token}': 'public',
  'GET /v1/preferences/{token}': 'public',
  'POST /v1/preferences/{token}': 'public',
  'GET /v1/suppressions': 'vmaoA',
  'PUT /v1/profiles/{profileId}/suppressions/{channel}': 'mA',
  'POST /v1/profiles/{profileId}/suppressions/{channel}/lift': 'oA',
  'GET /v1/settings/delivery': 'vmaoA',
  'PUT /v1/settings/delivery': 'oA',
  'GET /v1/campaigns/{campaignId}/report': 'vmaoA',
  'GET /v1/reports/reach': 'vmaoA',
  'GET /v1/reports/repurchase': 'vmaoA',
  'POST /v1/sources': 'A',
  'GET /v1/sources': 'oA',
  'DELETE /v1/sources/{sourceId}': 'A',
  'GET /v1/audit': 'vmaoA',
  'GET /v1/openapi.json': 'public',
};
const LETTER: Record<Role, string> = { viewer: 'v', marketer: 'm', approver: 'a', operator: 'o', admin: 'A' };

describe('role × route', () => {
  const cases = routes.flatMap((route) => ROLES.map((role) => ({ route, role, key: `${route.method} ${route.path}` })));
  test.each(cases)('$role: $key', ({ route, role, key }) => {
    const who = WHO[key];
    if (who === 'public' || who === 'key') return expect(route.roles).toBe(who === 'key' ? 'source-key' : who);
    expect(who, `${key} is not in the table of this test`).toBeDefined();
    expect((route.roles as readonly Role[]).includes(role)).toBe(who?.includes(LETTER[role]));
  });

  test('every route of the table exists', () => {
    const keys = routes.map(({ method, path }) => `${method} ${path}`);
    expect(keys.slice().sort()).toEqual(Object.keys(WHO).sort());
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the table', () => {
  test('operation ids are unique', () => {
    expect(new Set(routes.map(({ operationId }) => operationId)).size).toBe(routes.length);
  });

  test.each(routes.map((route) => ({ name: route.operationId, route })))('$name', ({ route }) => {
    expect(route.path).toMatch(/^\/v1(\/[a-z0-9.-]+|\/\{[a-zA-Z]+\})+$/);
    expect(route.handler).toMatch(/^(intake|audience|strategy|delivery|measurement|access)\/[a-z]+-[a-z]+(-[a-z]+)*$/);
    expect(route.summary).not.toMatch(/\.$/);
    // What is named in the path may not exist, but a PUT may make it, and everybody has a contact state. A page says it in
    // its own words.
    const mayLack = route.path.includes('{') && route.method !== 'PUT' && route.roles !== 'public';
    if (mayLack && route.operationId !== 'getContact') {
      expect(route.errors).toContain('not-found');
    }
    if (route.create) expect([route.method, route.success.status]).toEqual(['POST', 201]);
    if (route.method === 'GET') expect(route.body).toBeUndefined();
  });

  test.each(routes.filter(({ body }) => body).map((route) => ({ name: route.operationId, route })))(
    'the example of $name fits its body, and an unknown field does not',
    ({ route }) => {
      const body = route.body as z.ZodMiniType;
      // A body that may be empty needs no example.
      const { example = {} } = route;
      expect(body.safeParse(example).error?.issues ?? []).toEqual([]);
      expect(body.safeParse({ ...(example as object), surprise: 1 }).success).toBe(false);
    },
  );

  test.each(routes.filter(({ query }) => query).map((route) => ({ name: route.operationId, route })))(
    'the query of $name takes text only, and refuses unknown parameters',
    ({ route }) => {
      expect((route.query as z.ZodMiniType).safeParse({ surprise: '1' }).success).toBe(false);
    },
  );
});
