/** What a caller may be in an organization. */
export const ROLES = ['owner', 'admin', 'developer', 'operator', 'billing', 'viewer'] as const;

/** A member's or key's role. */
export type Role = (typeof ROLES)[number];

/** What a route asks of its caller. `platform` is for whoever runs the installation. */
export type Permission = 'read' | 'develop' | 'operate' | 'trade' | 'infer' | 'administer' | 'platform';

const PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner: ['read', 'develop', 'operate', 'trade', 'infer', 'administer'],
  admin: ['read', 'develop', 'operate', 'trade', 'infer', 'administer'],
  developer: ['read', 'develop', 'infer'],
  operator: ['read', 'operate', 'infer'],
  billing: ['read', 'trade'],
  viewer: ['read'],
};

/** Whether a caller may do what a permission stands for. */
export function mayDo(
  caller: { readonly role: Role; readonly isPlatformAdmin: boolean },
  permission: Permission,
): boolean {
  return permission === 'platform' ? caller.isPlatformAdmin : PERMISSIONS[caller.role].includes(permission);
}

/** Whether a role has nothing that another lacks: a key cannot mint a key that may do more than itself. */
export function isWithin(role: Role, limit: Role): boolean {
  return PERMISSIONS[role].every((permission) => PERMISSIONS[limit].includes(permission));
}
