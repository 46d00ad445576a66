import Config

if name = System.get_env("TICK_NAME"), do: config(:tick, name: name)
