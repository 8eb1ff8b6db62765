/** @jsxImportSource hono/jsx */
import { z } from "zod";
import { defineTemplate } from "../define_template.ts";
import { data, line } from "../fields.ts";
import { Button, Heading, Link, Remark, Strong, Text, Title } from "../kit.tsx";

/** The first mail to somebody who signed up. */
export const welcome = defineTemplate({
  name: "welcome",
  description: "Greets somebody who signed up and says where to begin.",
  category: "transactional",
  schema: data({ name: line.nullish(), organization: line.nullish(), docs_url: z.httpUrl().nullish() }),
  example: { name: "Ada", organization: "Ada's workspace", docs_url: "https://docs.example.com" },
  subject: (_, { brand }) => `Welcome to ${brand}`,
  preheader: () => "Three steps to your first flow.",
  reason: (_, { brand }) => `You get this once, because you signed up for ${brand}.`,
  Body({ data: { name, organization, docs_url }, context: { brand, link } }) {
    return (
      <>
        <Title>Welcome to {brand}{name ? `, ${name}` : ""}</Title>
        <Text>
          {organization
            ? (
              <>
                <Strong>{organization}</Strong> is ready for your first flow.
              </>
            )
            : "Your account is ready."}{" "}
          A flow begins with something that happens, a webhook, a time or a click, and goes through its steps until it
          has ended, whatever fails in between.
        </Text>
        <Heading>Where to begin</Heading>
        <Text>
          <Strong>1.</Strong> Take a template and run it once, as it is.<br />
          <Strong>2.</Strong> Look at what each step was given and gave.<br />
          <Strong>3.</Strong> Point a webhook at it, or give it a schedule.
        </Text>
        <Button href={link("/templates")}>Choose a template</Button>
        {docs_url
          ? (
            <Remark>
              How everything works is written <Link href={docs_url}>in the documentation</Link>.
            </Remark>
          )
          : null}
      </>
    );
  },
});
