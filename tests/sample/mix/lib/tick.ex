defmodule Tick do
  @moduledoc "Counts how often it was asked."
  use Application

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([{Agent, fn -> 0 end}], strategy: :one_for_one)
  end

  def greeting, do: Application.get_env(:tick, :greeting, "from the release")
end
