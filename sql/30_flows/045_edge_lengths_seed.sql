-- Versions from before edge lengths were stored.
update public.flow_versions v set edge_lengths = private.edge_lengths(v.graph)
where v.edge_lengths = '{}' and private.edge_lengths(v.graph) <> '{}';
