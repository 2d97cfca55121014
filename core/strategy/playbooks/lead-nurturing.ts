import type { Playbook } from '../playbook/playbook.ts';
import { firstName, NAME, shop, topic, wait } from './shop.ts';

export const leadNurturing: Playbook = {
  id: 'lead-nurturing',
  goal: 'conversion',
  title: { en: 'Lead nurturing', zh: '线索培育' },
  summary: {
    en: 'Whoever leaves their address gets a guide, a story of somebody like them and an invitation to talk, days apart. Whoever asks for a demo is left to sales.',
    zh: '用户留资后依次发送指南、案例与邀约；申请演示后即停止，交由销售跟进。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    leadCreated: {
      kind: 'event',
      default: 'lead.created',
      properties: {},
      about: { en: 'Somebody has left their address', zh: '留资事件' },
    },
    demoRequested: {
      kind: 'event',
      default: 'demo.requested',
      properties: {},
      about: { en: 'Somebody wants to talk', zh: '申请演示事件' },
    },
    ...topic('guides'),
    ...wait('firstWait', { days: 3 }, { en: 'How long between guide and story', zh: '指南到案例之间的等待' }),
    ...wait('secondWait', { days: 4 }, { en: 'How long between story and invitation', zh: '案例到邀约之间的等待' }),
  },
  templates: {
    guide: {
      name: { en: 'guide', zh: '指南' },
      content: {
        en: {
          email: {
            subject: 'Your guide is here',
            heading: `Hi ${NAME.en}, here is your guide`,
            lines: ['Ten minutes of reading, no filler: what to look for, what to avoid, and what it should cost.'],
            button: { text: 'Read the guide', url: '[[shopUrl]]' },
          },
        },
        zh: {
          email: {
            subject: '您的指南已送达',
            heading: `${NAME.zh}，指南已为您备好`,
            lines: ['十分钟读完，没有套话：该看什么、该避开什么、该花多少。'],
            button: { text: '阅读指南', url: '[[shopUrl]]' },
          },
        },
      },
    },
    story: {
      name: { en: 'story', zh: '案例' },
      content: {
        en: {
          email: {
            subject: 'How others have done it',
            heading: 'Same question, one year later',
            lines: [
              'A team much like yours asked the same question a year ago. Here is what they did, and what they would do differently.',
            ],
            button: { text: 'Read the story', url: '[[shopUrl]]' },
          },
        },
        zh: {
          email: {
            subject: '看看别人怎么做',
            heading: '同样的问题，一年之后',
            lines: ['一年前，一个与您相似的团队也有同样的疑问。看看他们做了什么，以及哪些会重新选择。'],
            button: { text: '阅读案例', url: '[[shopUrl]]' },
          },
        },
      },
    },
    invitation: {
      name: { en: 'invitation', zh: '邀约' },
      content: {
        en: {
          email: {
            subject: 'Shall we talk for 20 minutes?',
            heading: 'Your questions, answered',
            lines: ['Twenty minutes with somebody who knows the subject. No slides, just your questions.'],
            button: { text: 'Pick a time', url: '[[shopUrl]]' },
          },
        },
        zh: {
          email: {
            subject: '约个20分钟聊聊？',
            heading: '为您答疑解惑',
            lines: ['与懂行的顾问聊20分钟，没有幻灯片，只谈您的问题。'],
            button: { text: '预约时间', url: '[[shopUrl]]' },
          },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { event: { eventType: '[[leadCreated]]' } },
      start: 'guide',
      nodes: {
        guide: { kind: 'message', templateId: '[[template.guide]]', channelPolicy: ['email'], next: 'first-wait' },
        'first-wait': { kind: 'wait', for: '[[firstWait]]', next: 'story' },
        story: { kind: 'message', templateId: '[[template.story]]', channelPolicy: ['email'], next: 'second-wait' },
        'second-wait': { kind: 'wait', for: '[[secondWait]]', next: 'invitation' },
        invitation: { kind: 'message', templateId: '[[template.invitation]]', channelPolicy: ['email'], next: 'end' },
        end: { kind: 'exit', reason: 'invited' },
      },
      goals: [{ name: 'demo', event: { eventType: '[[demoRequested]]' }, exits: true }],
    },
  },
};
