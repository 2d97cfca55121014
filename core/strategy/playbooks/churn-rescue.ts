import type { Playbook } from '../playbook/playbook.ts';
import { coupon, firstName, NAME, orderPlaced, STOP, shop, topic, wait } from './shop.ts';

export const churnRescue: Playbook = {
  id: 'churn-rescue',
  goal: 'retention',
  title: { en: 'Churn rescue', zh: '流失预警挽留' },
  summary: {
    en: 'Customers whom a model expects to lose are asked what is missing, and get an offer some days later unless they order.',
    zh: '对模型预测即将流失的客户先询问需求，数天后未下单再送上优惠。',
  },
  marketing: true,
  parameters: {
    ...shop,
    ...firstName,
    ...coupon,
    ...orderPlaced,
    riskAttribute: {
      kind: 'attribute',
      default: 'churn_band',
      example: 'high',
      needed: true,
      about: { en: 'Attribute that a propensity model writes', zh: '倾向模型写入的属性' },
    },
    riskValue: {
      kind: 'text',
      maxLength: 30,
      default: 'high',
      example: 'high',
      about: {
        en: 'Its value for those who are likely lost',
        zh: '代表高流失风险的取值',
      },
    },
    ...topic('care'),
    ...wait('wait', { days: 5 }, { en: 'How long before the offer', zh: '送优惠前的等待' }),
  },
  segments: {
    risk: {
      name: { en: 'likely to be lost', zh: '高流失风险客户' },
      segment: { attribute: '[[riskAttribute]]', equals: '[[riskValue]]' },
    },
  },
  templates: {
    question: {
      name: { en: 'question', zh: '询问' },
      content: {
        en: {
          email: {
            subject: 'What could we do better?',
            heading: `How are we doing, ${NAME.en}?`,
            lines: [
              'We have not seen you for a while, and would like to know why.',
              'Reply in a sentence, or have a look at what has changed.',
            ],
            button: { text: 'See what has changed', url: '[[shopUrl]]' },
          },
          push: { title: 'How are we doing?', body: 'We have improved a few things. Have a look.' },
        },
        zh: {
          email: {
            subject: '我们可以做得更好吗？',
            heading: `${NAME.zh}，近来可好？`,
            lines: ['有一阵子没见到您了，很想听听您的想法。', '直接回复一句话，或来看看我们的新变化。'],
            button: { text: '看看新变化', url: '[[shopUrl]]' },
          },
          push: { title: '好久不见，近来可好？', body: '我们做了不少改进，来看看吧。' },
        },
      },
    },
    offer: {
      name: { en: 'offer', zh: '优惠' },
      content: {
        en: {
          push: {
            title: '[[offer]], just for you',
            body: 'We would love to keep you. Enter [[couponCode]] at checkout.',
          },
          email: {
            subject: '[[offer]], just for you',
            heading: 'We would love to keep you',
            lines: [
              'You have been with us for a while, and that is worth something.',
              'Enter [[couponCode]] at checkout for [[offer]] on anything you like.',
            ],
            button: { text: 'Use my offer', url: '[[shopUrl]]' },
          },
          sms: { text: `[[brand]]: we would love to keep you. [[offer]] with [[couponCode]]: [[shopUrl]] ${STOP.en}` },
        },
        zh: {
          push: { title: '为您准备了[[offer]]', body: '期待继续为您服务，优惠码[[couponCode]]。' },
          email: {
            subject: '专属于您的[[offer]]',
            heading: '期待继续为您服务',
            lines: ['感谢您一路相伴，特为您准备了一份心意。', '结算时输入优惠码[[couponCode]]，即享[[offer]]。'],
            button: { text: '立即使用', url: '[[shopUrl]]' },
          },
          sms: { text: `【[[brand]]】专属于您的[[offer]]，优惠码[[couponCode]]：[[shopUrl]] ${STOP.zh}` },
        },
      },
    },
  },
  plan: {
    kind: 'journey',
    draft: {
      topic: '[[topic]]',
      entry: { segment: '[[segment.risk]]', includeMembers: true },
      reentry: { after: { days: 90 } },
      start: 'question',
      nodes: {
        question: {
          kind: 'message',
          templateId: '[[template.question]]',
          channelPolicy: ['email', 'push'],
          next: 'order',
        },
        order: {
          kind: 'wait-for-event',
          events: [{ event: { eventType: '[[orderPlaced]]' }, next: 'stays' }],
          within: '[[wait]]',
          onTimeout: 'offer',
        },
        offer: {
          kind: 'message',
          templateId: '[[template.offer]]',
          channelPolicy: ['push', 'email', 'sms'],
          next: 'offered',
        },
        stays: { kind: 'exit', reason: 'stays' },
        offered: { kind: 'exit', reason: 'offered' },
      },
      exits: [{ leavesSegment: '[[segment.risk]]' }],
      goals: [{ name: 'order', event: { eventType: '[[orderPlaced]]' }, within: { days: 14 } }],
    },
  },
};
