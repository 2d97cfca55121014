import type { Playbook } from '../playbook/playbook.ts';
import { firstName, NAME, shop, topic, wait } from './shop.ts';

export const sunset: Playbook = {
  id: 'sunset',
  goal: 'reach',
  title: { en: 'Sunset', zh: '沉默用户清理' },
  summary: {
    en: 'Asks those who have not come for months whether they want to stay. Who does not answer is marked, so that you can leave them out: a clean list is delivered better.',
    zh: '询问长期未活跃的用户是否愿意继续接收；未回应者打上标记以便排除，提升送达率。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    visited: {
      kind: 'event',
      default: 'visit',
      properties: {},
      about: { en: 'Somebody has come to your site or app', zh: '访问事件' },
    },
    silentDays: {
      kind: 'number',
      whole: true,
      minimum: 30,
      maximum: 1_000,
      default: 180,
      about: { en: 'Days without a visit', zh: '未访问天数' },
    },
    sunsetAttribute: {
      kind: 'attribute',
      default: 'sunset',
      example: 'true',
      about: { en: 'Attribute that becomes true for who does not answer', zh: '未回应者被标记的属性' },
    },
    ...topic('news'),
    ...wait('wait', { days: 14 }, { en: 'How long to wait for a visit', zh: '等待访问的时间' }),
  },
  segments: {
    silent: {
      name: { en: 'silent for long', zh: '长期沉默用户' },
      segment: {
        all: [
          { event: '[[visited]]', last: { moreThanDaysAgo: '[[silentDays]]' } },
          { field: 'email', exists: true },
          { not: { attribute: '[[sunsetAttribute]]', equals: true } },
        ],
      },
    },
  },
  templates: {
    question: {
      name: { en: 'question', zh: '询问' },
      content: {
        en: {
          email: {
            subject: 'Do you still want to hear from us?',
            heading: `Should we stay in touch, ${NAME.en}?`,
            lines: [
              'It has been a while since your last visit, and we do not want to fill your inbox for nothing.',
              'One click, and you stay. If we hear nothing, we will stop writing.',
            ],
            button: { text: 'Yes, keep me', url: '[[shopUrl]]' },
          },
        },
        zh: {
          email: {
            subject: '还想收到我们的消息吗？',
            heading: `${NAME.zh}，我们还保持联系吗？`,
            lines: ['您已有一段时间没有来访，我们不想打扰您。', '点击即可继续接收；如未收到回应，我们将不再发送。'],
            button: { text: '继续接收', url: '[[shopUrl]]' },
          },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { segment: '[[segment.silent]]', includeMembers: true },
      reentry: { after: { days: 180 }, atMost: 10 },
      start: 'question',
      nodes: {
        question: { kind: 'message', templateId: '[[template.question]]', channelPolicy: ['email'], next: 'visit' },
        visit: {
          kind: 'wait-for-event',
          // One click, as the text promises, whether or not the site can tell who it is.
          events: [
            { event: { eventType: '[[visited]]' }, next: 'stays' },
            { event: { eventType: 'herald.message.clicked' }, next: 'stays' },
          ],
          within: '[[wait]]',
          onTimeout: 'mark',
        },
        mark: { kind: 'update', set: { '[[sunsetAttribute]]': true }, next: 'sunset' },
        stays: { kind: 'exit', reason: 'stays' },
        sunset: { kind: 'exit', reason: 'sunset' },
      },
    },
  },
};
