import { z } from 'zod';
import { pageQuery } from '../../http/parameters.js';

export const createListingBody = z.strictObject({
  deploymentName: z.string().min(1).describe("one of the organization's own deployments"),
  title: z.string().min(1).max(200),
  description: z.string().max(20_000).default(''),
});
export type CreateListingBody = z.infer<typeof createListingBody>;

export const createPlanBody = z.strictObject({
  name: z.string().min(1).max(100),
  unitPrice: z
    .strictObject({
      currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as USD'),
      nano: z.string().regex(/^\d{1,18}$/, 'whole billionths, as text'),
    })
    .describe('price of one answered request'),
});
export type CreatePlanBody = z.infer<typeof createPlanBody>;

export const rejectBody = z.strictObject({
  note: z.string().min(1).max(2000).describe('why, for the vendor'),
});
export type RejectBody = z.infer<typeof rejectBody>;

export const listListingsQuery = pageQuery.extend({
  query: z.string().max(200).default('').describe('words to find'),
  own: z.enum(['true', 'false']).default('false').describe("true: the organization's own in any state"),
});
export type ListListingsQuery = z.infer<typeof listListingsQuery>;
