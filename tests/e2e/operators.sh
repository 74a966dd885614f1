# What a firmware registers: --operators, the sets that boards name, and which boards refuse a model.
. "$(dirname "$0")/lib.sh"
MODEL=$DEMO/keyword.tflite
ALL=CONV_2D,DEPTHWISE_CONV_2D,AVERAGE_POOL_2D,RESHAPE,FULLY_CONNECTED,SOFTMAX

thimble run --board pico --model "$MODEL" --operators FULLY_CONNECTED
expect_error "run__names_the_first_operator_that_is_not_registered" 14 'operator 0 CONV_2D.*|does not register it.*CONV_2D'
! grep -q ' arena ' "$T/out"
ok "run__refuses_before_an_arena_is_allocated" $?
thimble run --board pico --model "$MODEL" --operators "$ALL"
expect "run__needs_no_more_than_the_models_operators" 0 ' infer '
thimble run --board pico --model "$MODEL" --operators "$ALL,MAKE_COFFEE"
expect_error "run__knows_no_such_operator" 2 "'MAKE_COFFEE' is no operator"
thimble run --board pico --model "$MODEL" --operators nothing
expect_error "run__knows_no_such_set" 2 "unknown set of operators 'nothing', expected .*arduino-tflm"

cp -r "$THIMBLE_PROFILES" "$T/profiles"
export THIMBLE_PROFILES=$T/profiles
printf 'name: few\ntitle: a firmware for other models\noperators: [FULLY_CONNECTED, RESHAPE]\n' >"$T/profiles/operators/few.yaml"
sed -i 's/^name: pico$/&\noperators: few/' "$T/profiles/boards/pico.yaml"
thimble model "$MODEL"
expect "model__tells_which_boards_refuse_it" 0 \
    '^refused  on pico: its firmware \(few\) does not register CONV_2D, DEPTHWISE_CONV_2D, AVERAGE_POOL_2D, SOFTMAX$'
thimble model "$MODEL" --json
[ "$(json '["refusing_boards"][0]["board"], d["refusing_boards"][0]["missing"][3]')" = "pico SOFTMAX" ]
ok "model__tells_it_in_json" $?
thimble run --board pico --model "$MODEL"
expect_error "run__takes_the_boards_set" 14 'CONV_2D'
thimble run --board pico --model "$MODEL" --operators all
expect "run__can_take_all" 0 ' infer '
sed -i 's/RESHAPE/RESHAKE/' "$T/profiles/operators/few.yaml"
thimble run --board pico --model "$MODEL"
expect_error "profile__with_a_wrong_operator_is_refused_by_line" 2 "few.yaml:3: operators\[1\]: .*RESHAKE"
finish
