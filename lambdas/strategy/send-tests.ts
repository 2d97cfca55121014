import { routes } from '../../core/access/routes/test-sends.ts';
import type { Channel } from '../../core/delivery/channel.ts';
import { workOf } from '../../core/delivery/work.ts';
import type { PlanVersion } from '../../core/strategy/plan-version.ts';
import { renderer } from '../../core/strategy/render.ts';
import {
  NO_TEST_RECIPIENTS,
  type TestRecipient,
  type TestSettings,
} from '../../core/strategy/template/test-recipients.ts';
import {
  MAX_TEST_MESSAGE,
  type Named,
  type TestSend,
  testKey,
  testMessage,
  testOutcome,
  testPlan,
} from '../../core/strategy/template/test-send.ts';
import { contentOf, type Template } from '../../core/strategy/template.ts';
import { definitions } from '../adapters/definitions.ts';
import { ledger } from '../adapters/ledger.ts';
import { createDefinition, saveDefinition } from '../adapters/outbox.ts';
import { storePlanVersion } from '../adapters/plan-versions.ts';
import { sendAll } from '../adapters/queues.ts';
import { sendQueueUrl } from '../adapters/send-queues.ts';
import { apiHandler } from '../middleware/api.ts';
import { type FieldError, Problem } from '../middleware/problem.ts';
import { readEnv } from '../middleware/read-env.ts';
import { sampleOf } from './sample-of.ts';
import { env } from './send-tests.env.ts';

const environment = readEnv(env);
const defs = definitions(environment.DEFINITIONS_TABLE);
const records = ledger(environment.LEDGER_TABLE);
const sinks = { auditTable: environment.AUDIT_TABLE };

/**
 * Tests of templates. Running one twice is safe: its messages are named by its id and the place of the recipient, so the ledger lets
 * each go out once; a change of the settings finds another version and is refused.
 */
export const handler = apiHandler(
  'strategy/send-tests',
  routes,
  {
    sendTemplateTest: async ({ params: { templateId }, body, actor, nowMs, newId: id }) => {
      const template = await loadTemplate(templateId);
      const content = contentOf(template);
      const recipients = await recipientsOf(body.to, template);
      const sample = await sampleOf(environment.PROFILES_TABLE, body);
      const { attributesOf, missingIn } = renderer(await import('liquidjs'));
      const attributes = attributesOf(content);
      const namedOn = (channel: Channel): Named => {
        const bare = { profile: { profileId: '', locale: sample.profile.locale, attributes: {} } };
        const uses = missingIn(content, channel, bare);
        return { attributes, email: uses.includes('profile.email'), phone: uses.includes('profile.phone') };
      };
      const plans = new Map<string, PlanVersion>();
      for (const { channel } of recipients) plans.set(channel, testPlan(templateId, content, channel));
      const test: TestSend = {
        ...{ id, templateId, templateVersion: template.version, by: actor, atMs: nowMs },
        recipients: recipients.map(({ name, channel }) => ({ name, channel })),
      };
      const messagesOf = (from: TestSend) =>
        recipients.map((recipient, n) => {
          const { channel } = recipient;
          const plan = plans.get(channel) as PlanVersion;
          return { channel, message: testMessage(from, n, recipient, plan, sample, namedOn(channel)) };
        });
      const bytes = Math.max(...messagesOf(test).map(({ message }) => Buffer.byteLength(JSON.stringify(message))));
      if (bytes > MAX_TEST_MESSAGE)
        throw new Problem(
          'body-too-large',
          `The sample makes a message of ${bytes} bytes; ${MAX_TEST_MESSAGE} may be sent`,
        );
      for (const plan of plans.values()) await storePlanVersion(defs, plan, nowMs);
      const detail = `to ${recipients.map(({ name }) => name).join(', ')}`;
      const entry = {
        subject: `template/${templateId}`,
        action: 'test',
        actor,
        atMs: nowMs,
        version: template.version,
        detail,
      };
      const saved = await createDefinition(defs, 'test-send', id, test, nowMs, [{ effect: 'audit', entry }], sinks);
      for (const { channel, message } of messagesOf(saved.body))
        await sendAll(sendQueueUrl(environment, channel, 'transactional'), [{ body: message, group: templateId }]);
      const location = `/v1/templates/${templateId}/test-sends/${id}`;
      return { body: await withOutcomes(saved.body), headers: { location } };
    },

    getTemplateTest: async ({ params: { templateId, testSendId } }) => {
      const test = (await defs.get<TestSend>('test-send', testSendId))?.body;
      if (!test || test.templateId !== templateId) {
        throw new Problem('not-found', `There is no test ${testSendId} of template ${templateId}`);
      }
      return { body: await withOutcomes(test) };
    },

    getTestSettings: async () => {
      const stored = await defs.get<TestSettings>('settings', 'tests');
      return { body: { ...(stored?.body ?? NO_TEST_RECIPIENTS), version: stored?.version ?? 0 } };
    },

    putTestSettings: async ({ body: { version, ...settings }, actor, nowMs }) => {
      const detail = settings.recipients.map(({ name }) => name).join(', ');
      const what = { subject: 'settings/tests', action: 'change', version: version + 1, detail };
      const outbox = [{ effect: 'audit' as const, entry: { ...what, actor, atMs: nowMs } }];
      const stored = await saveDefinition(defs, 'settings', 'tests', settings, version, nowMs, outbox, sinks);
      return { body: { ...stored.body, version: stored.version } };
    },
  },
  environment.IDEMPOTENCY_TABLE,
);

const loadTemplate = async (id: string): Promise<Template> => {
  const stored = await defs.get<Template>('template', id);
  if (!stored) throw new Problem('not-found', `There is no template ${id}`);
  return stored.body;
};

/** Throws 422 for names that the settings do not have, and for channels that the template does not have. */
const recipientsOf = async (names: readonly string[], { channels }: Template): Promise<TestRecipient[]> => {
  const { recipients } = (await defs.get<TestSettings>('settings', 'tests'))?.body ?? NO_TEST_RECIPIENTS;
  const errors: FieldError[] = [];
  const found = names.flatMap((name, n) => {
    const one = recipients.find((recipient) => recipient.name === name);
    if (one && channels[one.channel]) return [one];
    const message = one
      ? `The template has no content for ${one.channel}, by which ${name} is reached`
      : `${name} is none of the test recipients of the settings`;
    errors.push({ path: `to.${n}`, message });
    return [];
  });
  if (errors[0]) throw new Problem('invalid-reference', errors[0].message, { errors });
  return found;
};

const withOutcomes = async (test: TestSend) => ({
  ...test,
  recipients: await Promise.all(
    test.recipients.map(async (recipient, n) => {
      const work = workOf(testKey(test, n));
      const [record, heard] = await Promise.all([records.read(work), records.heardOf(work)]);
      const outcome = testOutcome(record, { delivered: heard.delivered.has(0), opened: heard.opened.has(0) });
      return { ...recipient, ...outcome };
    }),
  ),
});
