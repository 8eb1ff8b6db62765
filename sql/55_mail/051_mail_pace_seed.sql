insert into private.mail_pace (provider) values ('resend'), ('smtp') on conflict (provider) do nothing;
