import type { Drafts } from './instantiate.ts';

/** A call that is left to make, and what for. */
export type NextStep = { call: string; why: string };

/** What is left to do before the plan of these drafts sends anything, in order. */
export const nextSteps = ({ plan, segments }: Drafts): NextStep[] => {
  switch (plan.kind) {
    case 'trigger':
      return [
        {
          call: `POST /v1/triggers/${plan.id}/activate`,
          why: 'By an approver who wrote neither the trigger nor its template; submit it where the settings ask for more people',
        },
      ];
    case 'campaign':
      return [
        { call: `POST /v1/campaigns/${plan.id}/submit`, why: 'When you have read its audience, texts and time' },
        { call: `POST /v1/campaigns/${plan.id}/approve`, why: 'By an approver who had no hand in it' },
      ];
    case 'journey':
      return [
        ...segments.map(({ id, name }) => ({
          call: `PUT /v1/segments/${id}/live`,
          why: `So that people enter “${name}” and leave it as things happen`,
        })),
        { call: `POST /v1/journeys/${plan.id}/validate`, why: 'To read what would keep it from being published' },
        {
          call: `POST /v1/journeys/${plan.id}/publish`,
          why: 'By an approver who wrote neither the journey nor its templates; submit it where the settings ask for more people',
        },
      ];
  }
};
