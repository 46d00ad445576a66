# A release of mix, with its runtime system (tick) and without (tock). Nothing is fetched: there are no dependencies.
defmodule Tick.MixProject do
  use Mix.Project

  def project do
    [
      app: :tick,
      version: "0.1.0",
      deps: [],
      releases: [
        tick: [steps: [:assemble, :tar], applications: [tick: :permanent, ssl: :permanent]],
        tock: [steps: [:assemble, :tar], include_erts: false, applications: [tick: :permanent]]
      ]
    ]
  end

  def application, do: [mod: {Tick, []}, extra_applications: [:logger]]
end
