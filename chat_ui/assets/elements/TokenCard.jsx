export default function TokenCard() {
  const it = props.data;
  return (
    <Frame icon={KeyRound} title={`Access token “${it.info.name}”`} subtitle={it.token ? "Copy it now: the secret is shown this once." : "Its secret was shown once, when it was made."} badges={<Badge>{it.info.scope}</Badge>}>
      {it.token && <CopyLine text={it.token} label="Copy token" />}
      <p className="hp-more">
        {it.info.expires_at ? <>It ends <Time at={it.info.expires_at} />.</> : "It does not end by itself: revoke it when you no longer need it."}{" "}
        With git, use it as the password.
      </p>
    </Frame>
  );
}
