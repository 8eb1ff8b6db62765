-- Data for local development, loaded after the migrations by `supabase start`, `supabase db reset` and the embedded
-- stack. Plans and permissions are not data of this kind: they come with the migrations. The demo's users, flows and
-- webhooks are made through the API, by `deno task start`.
select 1;
