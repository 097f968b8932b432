"""Set-up's encoder: the published weights, made into the form that is quickest on this machine."""
