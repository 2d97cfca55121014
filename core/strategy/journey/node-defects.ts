import { channelsOf, policySlips } from '../../delivery/policy.ts';
import { durationMs } from '../../event/duration.ts';
import type { Renderer } from '../render.ts';
import { tablesIn } from '../template/catalogue.ts';
import { questionsOf } from './branch-condition.ts';
import { branchDefects } from './branch-defects.ts';
import { webhookTemplate } from './compile.ts';
import type { Defect, JourneyReferences } from './defect.ts';
import type { JourneyInput } from './journey-input.ts';
import type { JourneyNode, NodeOf } from './journey-node.ts';
import { lengthText, percentText } from './journey-text.ts';
import { longestMs } from './longest.ts';

export type Judged = {
  input: JourneyInput;
  references: JourneyReferences;
  render: Pick<Renderer, 'needsOf' | 'errorsIn'>;
};

/** What is wrong with a node by itself. */
export const nodeDefects = (judged: Judged, id: string, node: JourneyNode): Defect[] => {
  const at = `nodes.${id}`;
  switch (node.kind) {
    case 'message':
      return messageDefects(judged, at, node);
    case 'webhook':
      return webhookDefects(judged, at, node);
    case 'wait':
      return tooLong(judged.input, `${at}.for`, durationMs(node.for));
    case 'wait-for-event':
      return tooLong(judged.input, `${at}.within`, durationMs(node.within));
    case 'branch':
      return [...branchDefects(id, node), ...unreadable(judged.input, at, node)];
    case 'split':
      return armDefects(at, node);
    case 'experiment':
      return [...armDefects(at, node), ...experimentDefects(judged.input, at, node)];
    default:
      return [];
  }
};

/** People who a schedule, and not an event, has brought. */
const hasEvent = ({ entry }: JourneyInput): boolean => !('schedule' in entry);

const eventNeeds = (
  { input, render }: Judged,
  path: string,
  template: Parameters<Renderer['needsOf']>[0],
): Defect[] => {
  const { event, window } = render.needsOf(template);
  const defects: Defect[] = [];
  if (event && !hasEvent(input)) {
    defects.push({
      path,
      code: 'no-event',
      message: 'It speaks of an event, but people enter on schedule, without one',
    });
  }
  if (window) defects.push({ path, code: 'no-window', message: 'It speaks of a window, which only triggers have' });
  return defects;
};

const messageDefects = (judged: Judged, at: string, node: NodeOf<'message'>): Defect[] => {
  const { templates, tracking } = judged.references;
  const { templateId, channelPolicy } = node;
  const noticed = {
    clicks: tracking.clicks && node.tracking?.clicks !== false,
    opens: tracking.opens && node.tracking?.opens !== false,
  };
  const slips = policySlips(channelPolicy, noticed).map(
    ({ path, message }): Defect => ({ path: `${at}.${path}`, code: 'bad-policy', message }),
  );
  const template = templates[templateId];
  if (!template) {
    const message = `There is no template ${templateId}`;
    return [{ path: `${at}.templateId`, code: 'no-template', message }, ...slips];
  }
  const missing = channelsOf(channelPolicy).flatMap((channel, n): Defect[] =>
    template.channels[channel]
      ? []
      : [
          {
            path: `${at}.channelPolicy.${n}`,
            code: 'no-content',
            message: `The template “${template.name}” has no content for ${channel}`,
          },
        ],
  );
  return [...slips, ...missing, ...eventNeeds(judged, `${at}.templateId`, template)];
};

const webhookDefects = (judged: Judged, at: string, node: NodeOf<'webhook'>): Defect[] => {
  const template = webhookTemplate(node);
  const wrong = judged.render.errorsIn(template).map(({ field, message }): Defect => {
    const path = `${at}.${field.slice(field.indexOf('fields'))}`;
    return { path, code: 'bad-liquid', message };
  });
  const unknown: Defect[] = judged.references.endpoints.has(node.endpointId)
    ? []
    : [{ path: `${at}.endpointId`, code: 'no-endpoint', message: `There is no webhook endpoint ${node.endpointId}` }];
  const lost = Object.entries(node.fields).flatMap(([name, text]) =>
    tablesIn(text).flatMap((table): Defect[] => {
      if (table !== undefined && judged.references.tables[table]) return [];
      const message =
        table === undefined ? 'Name the table: catalogue: "products"' : `There is no reference table ${table}`;
      return [{ path: `${at}.fields.${name}`, code: 'no-reference-table', message }];
    }),
  );
  return [...unknown, ...wrong, ...lost, ...(wrong.length > 0 ? [] : eventNeeds(judged, `${at}.fields`, template))];
};

/** Questions about the entry event, where there is none. */
const unreadable = (input: JourneyInput, at: string, { branches }: NodeOf<'branch'>): Defect[] =>
  hasEvent(input)
    ? []
    : branches.flatMap(({ when }, n) =>
        when.flatMap(questionsOf).some((one) => 'property' in one || 'reference' in one)
          ? [
              {
                path: `${at}.branches.${n}.when`,
                code: 'no-event' as const,
                message: 'It asks about the entry event, but people enter on schedule, without one',
              },
            ]
          : [],
      );

const tooLong = (input: JourneyInput, path: string, ms: number): Defect[] => {
  const lastsMs = longestMs(input);
  if (ms <= lastsMs) return [];
  const message = `It waits for ${lengthText(ms)}, but nobody is inside for longer than ${lengthText(lastsMs)}`;
  return [{ path, code: 'too-long-wait', message }];
};

/** Thirds add up to a little less than 100. */
const ENOUGH = 0.1;

const armDefects = (at: string, { kind, arms }: NodeOf<'split'> | NodeOf<'experiment'>): Defect[] => {
  const sum = arms.reduce((all, { percent }) => all + percent, 0);
  const defects: Defect[] = [];
  if (Math.abs(sum - 100) > ENOUGH) {
    const message = `The arms add up to ${percentText(sum)}, not to 100 %`;
    defects.push({ path: `${at}.arms`, code: 'bad-percents', message });
  }
  if (arms.length === 1) {
    defects.push({
      path: `${at}.arms`,
      code: 'one-arm',
      message: `${kind === 'split' ? 'A split' : 'An experiment'} has two arms at least`,
    });
  }
  return defects;
};

const DAY_MS = 86_400_000;

const experimentDefects = (
  { goals = [] }: JourneyInput,
  at: string,
  { goal, arms, default: taken, minimumDays, maximumDays }: NodeOf<'experiment'>,
): Defect[] => {
  const defects: Defect[] = [];
  const within = goals.find(({ name }) => name === goal)?.within;
  const leastMs = Math.max(minimumDays * DAY_MS, within ? durationMs(within) : 0);
  if (maximumDays !== undefined && maximumDays * DAY_MS <= leastMs) {
    const message = `Before the end nobody counts, or nearly nobody: people have ${lengthText(leastMs)} for the goal`;
    defects.push({ path: `${at}.maximumDays`, code: 'too-short-experiment', message });
  }
  if (!goals.some(({ name }) => name === goal)) {
    defects.push({ path: `${at}.goal`, code: 'unknown-goal', message: `The journey has no goal “${goal}”` });
  }
  if (!arms.some(({ name }) => name === taken)) {
    defects.push({ path: `${at}.default`, code: 'unknown-arm', message: `It has no arm “${taken}”` });
  }
  return defects;
};
